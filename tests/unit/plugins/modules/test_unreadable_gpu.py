# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A GPU that cannot be read for some nights: what is installed stays, and nothing is installed that was guessed."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

import pytest
import yaml

from ansible_collections.localai.core.tests.support.hardware import Hardware
from ansible_collections.localai.core.tests.support.proof import actions, installed, prove
from ansible_collections.localai.core.tests.support.world import Host

pytestmark = pytest.mark.skipif(
    platform.machine() in ("aarch64", "arm64"), reason="on arm64 a GPU of NVIDIA counts without its memory"
)

MISMATCH = "Failed to initialize NVML: Driver/library version mismatch"
DEAD = [{"name": "dead", "url": "http://127.0.0.1:1/"}]


@pytest.fixture
def hardware(tmp_path, monkeypatch):
    return Hardware(tmp_path / "machine", monkeypatch)


@pytest.fixture
def host(tmp_path, moving_world):
    moving_world.publish("1")
    it = Host(tmp_path, moving_world)
    it.options["capability"] = None
    yield it
    moving_world.registry.faults.clear()


def well(hardware):
    """One GPU of NVIDIA, as on a good day."""
    hardware.card("nvidia", "nvidia")
    hardware.write("usr/local/cuda-12/version.json", "{}")
    hardware.nvidia_smi()


def broken(hardware):
    """The same after an upgrade of the driver, and before the reboot."""
    hardware.tool("nvidia-smi", f"echo '{MISMATCH}'; echo 'NVML library version: 550.54' >&2; exit 18")


def nightly(host, *names, **options):
    """A run that must change nothing, after check mode that says so; returns the one warning about the GPU."""
    before = installed(host)
    results = [host.backend(*names, check=check, **options) for check in (True, False)]
    for result in results:
        assert not result["failed"], result["msg"]
        assert (result["changed"], result["diff"], result["removed"]) == (False, [], [])
        assert set(actions(result).values()) == {"none"}
        assert (result["restart_required"], result["unload"]) == (False, [])
    assert installed(host) == before
    warnings = [warning for warning in results[1]["warnings"] if "GPU cannot be read (" in warning]
    assert len(warnings) == 1, results[1]["warnings"]
    return warnings[0]


# What is installed stays

FAULTS = {
    "driver and library differ": (broken, MISMATCH),
    "no devices": (lambda it: it.tool("nvidia-smi", "echo 'No devices were found'; exit 6"), "exit status 6: No dev"),
    "nothing said": (lambda it: it.tool("nvidia-smi", "exit 255"), "exit status 255: it printed nothing"),
    "nothing printed": (lambda it: it.tool("nvidia-smi", ":"), "it printed nothing"),
    "memory not told": (lambda it: it.nvidia_smi("[N/A]"), "RTX 4090, [N/A]"),
    "no rights": (lambda it: it.nvidia_smi("[Insufficient Permissions]"), "[Insufficient Permissions]"),
    "killed": (lambda it: it.tool("nvidia-smi", "kill -9 $$"), "killed by signal 9"),
    "not there": (
        lambda it: it.without_tool("nvidia-smi"),
        "nvidia-smi: not found in PATH, /opt/rocm/bin, /usr/lib/wsl/lib, /usr/local/bin, /usr/local/cuda/bin",
    ),
    "cannot be started": (
        lambda it: (it.tools / "nvidia-smi").write_text("#!/no/such/interpreter\n"),
        "nvidia-smi: it cannot be started: No such file or directory",
    ),
    "a small row of two": (
        lambda it: it.tool("nvidia-smi", "echo '0, A, 2048, 1, 2'; echo 'Unable to determine the handle'; exit 15"),
        "exit status 15: 0, A, 2048, 1, 2 Unable to determine the handle",
    ),
}


@pytest.mark.parametrize(("fault", "says"), FAULTS.values(), ids=FAULTS)
def test_the_build_for_the_gpu_stays_whatever_is_wrong(host, hardware, fault, says):
    well(hardware)
    host.install("llama-cpp")
    fault(hardware)
    assert says in nightly(host, "llama-cpp", state="latest")


def test_the_build_for_the_gpu_stays_for_nights_and_after(host, hardware):
    well(hardware)
    assert host.install("llama-cpp", "whisper")["capability"] == "nvidia-cuda-12"
    assert host.names == ["cuda12-llama-cpp", "cuda12-whisper", "llama-cpp", "whisper"]
    broken(hardware)
    for options in ({"state": "latest"}, {}, {"state": "latest", "exclusive": True}, {"verify": True}):
        warning = nightly(host, "llama-cpp", "whisper", **options)
        assert MISMATCH in warning
        assert "option capability" in warning
    assert host.backend("llama-cpp", state="latest", check=True)["capability"] is None
    well(hardware)
    prove(host, "llama-cpp", "whisper", action="none", state="latest", exclusive=True)


def test_a_run_that_was_converged_asks_nobody_while_the_gpu_cannot_be_read(host, hardware):
    well(hardware)
    host.install("llama-cpp")
    broken(hardware)
    nightly(host, "llama-cpp", galleries=DEAD)


def test_a_tool_that_never_answers_is_stopped_and_the_message_says_so(host, hardware):
    well(hardware)
    host.install("llama-cpp")
    hardware.tool("nvidia-smi", "exec /bin/sleep 60")
    hardware.patience(0.3)
    assert "nvidia-smi: stopped after 0.3 seconds" in nightly(host, "llama-cpp", state="latest")


def test_a_tool_may_take_two_minutes(host, hardware):
    from ansible_collections.localai.core.plugins.module_utils._localai import machine as _machine

    assert _machine.PROBE_SECONDS == 120


@pytest.mark.parametrize("driver", ["", "nouveau", "vfio-pci"])
def test_the_build_stays_too_where_another_driver_took_the_gpu(host, hardware, driver):
    well(hardware)
    host.install("llama-cpp", "whisper")
    broken(hardware)
    hardware.card("nvidia", driver)
    assert MISMATCH in nightly(host, "llama-cpp", "whisper", state="latest", exclusive=True)
    assert host.info()["capability"] == "default"


@pytest.mark.parametrize("driver", ["", "nvidia"])
def test_the_build_stays_where_the_gpu_is_on_the_bus_only(host, hardware, driver):
    """As after an upgrade of the kernel for which there is no module yet, beside the card of a server's console."""
    well(hardware)
    host.install("llama-cpp")
    hardware.gone()
    hardware.card("aspeed", "ast")
    hardware.on_the_bus("nvidia", driver)
    hardware.without_tool("nvidia-smi")
    nightly(host, "llama-cpp", state="latest", exclusive=True)


def test_the_build_stays_where_only_the_driver_shows_the_gpu(host, hardware):
    well(hardware)
    host.install("llama-cpp")
    hardware.gone()
    hardware.write("proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: NVIDIA A100")
    broken(hardware)
    nightly(host, "llama-cpp", state="latest")
    hardware.without_tool("nvidia-smi")
    nightly(host, "llama-cpp", state="latest")


def test_the_build_stays_in_wsl_where_the_gpu_is_no_pci_device(host, hardware):
    hardware.on_the_bus("intel", "virtio-pci", pci_class="0x010000")
    hardware.write("dev/dxg", "")
    hardware.tool("nvidia-smi", "echo '0, NVIDIA GeForce RTX 4090, 24564, 1, 2'", "/usr/lib/wsl/lib")
    assert host.install("llama-cpp")["capability"] == "nvidia"
    hardware.tool("nvidia-smi", "echo 'GPU access blocked by the operating system'; exit 17", "/usr/lib/wsl/lib")
    assert "GPU access blocked" in nightly(host, "llama-cpp", state="latest")


@pytest.mark.parametrize(
    "answer",
    [
        "echo 'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.'; exit 9",
        "echo 'No devices were found'; exit 6",
        "echo 'Failed to initialize NVML: Unknown Error'; exit 255",
        "exit 0",
    ],
)
def test_a_gpu_that_is_gone_is_a_reason_to_leave(host, hardware, answer):
    well(hardware)
    host.install("llama-cpp")
    hardware.tool("nvidia-smi", answer)
    hardware.gone()
    hardware.on_the_bus("intel", "ahci", pci_class="0x010601")
    result = host.install("llama-cpp", state="latest")
    assert (result["capability"], host.names) == ("default", ["cpu-llama-cpp", "llama-cpp"])


@pytest.mark.parametrize(
    "answer",
    [
        f"echo '{MISMATCH}'; exit 18",
        "echo 'Unable to determine the device handle for GPU0000:01:00.0: Unknown Error' >&2; exit 15",
        "echo 'WARNING: infoROM is corrupted at gpu 0000:01:00.0'; exit 14",
    ],
)
def test_the_build_stays_where_only_the_tool_says_that_there_is_a_gpu(host, hardware, answer):
    hardware.nvidia_smi()
    hardware.on_the_bus("intel", "ahci", pci_class="0x010601")
    assert host.install("llama-cpp")["capability"] == "nvidia"
    hardware.tool("nvidia-smi", answer)
    nightly(host, "llama-cpp", state="latest")


def test_rows_beside_a_warning_are_read_where_only_the_tool_says_that_there_is_a_gpu(host, hardware):
    hardware.on_the_bus("intel", "ahci", pci_class="0x010601")
    hardware.tool("nvidia-smi", "echo '0, L4, 23034, 1, 2'; echo 'WARNING: infoROM is corrupted'; exit 14")
    assert host.install("llama-cpp", state="latest")["capability"] == "nvidia"


@pytest.mark.parametrize(
    ("tell", "says"),
    [
        (lambda it: it.nvidia_smi("2048"), "because 2147483648 bytes of VRAM on nvidia are not more than 4294967296"),
        (lambda it: it.card("nvidia", "nouveau"), "because the memory of the nvidia GPU could not be read"),
    ],
)
def test_the_warning_says_why_the_gpu_is_not_used_and_not_that_there_is_no_build(host, hardware, tell, says):
    tell(hardware)
    warnings = host.install("llama-cpp")["warnings"]
    [warning] = [warning for warning in warnings if "this host has a GPU" in warning]
    assert says in warning
    assert "option capability" in warning
    assert "has no build" not in "".join(warnings)


def test_a_gpu_that_is_read_and_too_small_is_a_reason_to_leave(host, hardware):
    well(hardware)
    host.install("llama-cpp")
    hardware.nvidia_smi("2048")
    result = host.install("llama-cpp", state="latest")
    assert (result["capability"], host.names) == ("default", ["cpu-llama-cpp", "llama-cpp"])


def test_amd_keeps_its_build_while_neither_the_kernel_nor_its_tool_tells(host, hardware):
    hardware.card("amd", "amdgpu", mem_info_vram_total="17163091968")
    assert host.install("llama-cpp")["capability"] == "amd"
    assert host.names == ["llama-cpp", "rocm-llama-cpp"]
    hardware.card("amd", "amdgpu")
    assert "amd: rocm-smi: not found in PATH" in nightly(host, "llama-cpp", state="latest", exclusive=True)
    hardware.tool("rocm-smi", "echo 'ERROR:root:Driver not initialized (amdgpu not found in modules)' >&2; exit 255")
    assert "Driver not initialized" in nightly(host, "llama-cpp", state="latest")


def test_a_second_gpu_of_amd_that_lost_its_driver_keeps_the_build(host, hardware):
    """The processor's graphics are still read, and have too little memory."""
    hardware.card("amd", "amdgpu", mem_info_vram_total="536870912")
    hardware.card("amd", "amdgpu", 1, mem_info_vram_total="17163091968")
    host.install("llama-cpp")
    shutil.rmtree(hardware.root / "sys/class/drm/card1")
    hardware.on_the_bus("amd", pci_class="0x030000")
    nightly(host, "llama-cpp", state="latest")
    assert host.info()["capability"] == "default"


def test_the_build_stays_where_another_vendors_gpu_is_read_meanwhile(host, hardware):
    """The one that decided has lost its driver, and is no graphics card without it."""
    well(hardware)
    hardware.card("amd", "amdgpu", 1, mem_info_vram_total="17163091968")
    host.install("llama-cpp")
    shutil.rmtree(hardware.root / "sys/class/drm/card0")
    hardware.on_the_bus("nvidia")
    broken(hardware)
    assert MISMATCH in nightly(host, "llama-cpp", state="latest", exclusive=True)
    assert host.info()["capability"] == "amd"


def test_the_build_stays_where_one_of_two_small_gpus_is_lost(host, hardware):
    hardware.card("nvidia", "nvidia")
    hardware.card("nvidia", "nvidia", 1)
    hardware.tool("nvidia-smi", "echo '0, A, 3072, 1, 2'; echo '1, A, 3072, 1, 2'")
    host.install("llama-cpp")
    hardware.nvidia_smi("3072")
    nightly(host, "llama-cpp", state="latest")


def test_intel_keeps_its_build(host, hardware):
    host.install("llama-cpp", capability="intel")
    hardware.card("intel", "i915")
    assert "intel: xpu-smi: not found" in nightly(host, "llama-cpp", state="latest", exclusive=True)


def test_a_build_that_was_asked_for_by_its_own_name_stays(host, hardware):
    well(hardware)
    host.install("cuda12-llama-cpp")
    broken(hardware)
    nightly(host, "cuda12-llama-cpp", state="latest")
    hardware.card("nvidia", "nouveau")
    nightly(host, "cuda12-llama-cpp", state="latest")
    nightly(host, "llama-cpp", state="latest", exclusive=True)


def test_exclusive_spares_the_build_that_another_one_stands_in_for(host, hardware):
    well(hardware)
    host.install("cuda12-llama-cpp", "cpu-llama-cpp")
    hardware.card("nvidia", "nouveau")
    broken(hardware)
    nightly(host, "llama-cpp", exclusive=True)
    assert host.names == ["cpu-llama-cpp", "cuda12-llama-cpp"]


def test_exclusive_still_removes_what_nobody_names(host, hardware):
    well(hardware)
    host.install("llama-cpp", "whisper")
    broken(hardware)
    assert host.install("llama-cpp", exclusive=True)["changed"]
    assert host.names == ["cuda12-llama-cpp", "llama-cpp"]


def test_a_build_for_processors_is_not_replaced_by_a_guess_either(host, hardware):
    host.install("llama-cpp")
    assert host.names == ["cpu-llama-cpp", "llama-cpp"]
    hardware.card("nvidia", "nvidia")
    nightly(host, "llama-cpp", state="latest")


def test_latest_brings_the_newer_build_of_the_same_name(host, hardware):
    well(hardware)
    host.install("llama-cpp")
    broken(hardware)
    host.world.publish("2")
    result = prove(host, "llama-cpp", action="upgrade", state="latest")
    assert (host.names, result["unload"]) == (
        ["cuda12-llama-cpp", "llama-cpp"],
        ["cuda12-llama-cpp", "llama-cpp"],
    )
    assert "2" in (host.path / "cuda12-llama-cpp/backend").read_text()


def test_latest_goes_by_where_it_came_from_when_the_gallery_has_dropped_the_build(host, hardware):
    well(hardware)
    host.install("llama-cpp")
    broken(hardware)
    entries = yaml.safe_load(Path(host.world.gallery).read_text())
    gallery = host.path.parent / "gallery.yaml"
    gallery.write_text(yaml.safe_dump([entry for entry in entries if entry["name"] != "cuda12-llama-cpp"]))
    nightly(host, "llama-cpp", state="latest", galleries=[{"name": "test", "url": str(gallery)}])


def test_a_damaged_build_is_repaired_as_what_it_was(host, hardware):
    well(hardware)
    host.install("llama-cpp")
    broken(hardware)
    for damage in (
        ["cuda12-llama-cpp/run.sh"],
        ["cuda12-llama-cpp/metadata.json", "cuda12-llama-cpp/run.sh"],
        ["cuda12-llama-cpp"],
        ["cuda12-llama-cpp/run.sh", "llama-cpp"],
    ):
        for driver in ("nvidia", "nouveau"):
            hardware.card("nvidia", driver)
            for path in damage:
                shutil.rmtree(host.path / path, ignore_errors=True)
                (host.path / path).unlink(missing_ok=True)
            prove(host, "llama-cpp", action="repair")
            assert host.names in (["cuda12-llama-cpp", "llama-cpp"], ["cuda12-llama-cpp"])
            host.install("llama-cpp", capability="nvidia-cuda-12")


@pytest.mark.parametrize("driver", ["nvidia", "nouveau"])
@pytest.mark.parametrize("lost", [["cuda12-llama-cpp/run.sh"], ["cuda12-llama-cpp"], ["cuda12-llama-cpp", "llama-cpp"]])
def test_a_repair_brings_the_recorded_build_and_not_what_its_tag_means_by_now(host, hardware, driver, lost):
    well(hardware)
    host.install("llama-cpp")
    digest = host.metadata("cuda12-llama-cpp")["digest"]
    host.world.publish("2")
    hardware.card("nvidia", driver)
    broken(hardware)
    for path in lost:
        shutil.rmtree(host.path / path, ignore_errors=True)
        (host.path / path).unlink(missing_ok=True)
    host.install("llama-cpp")
    assert host.names == ["cuda12-llama-cpp", "llama-cpp"]
    assert host.metadata("cuda12-llama-cpp")["digest"] == digest
    nightly(host, "llama-cpp")


@pytest.mark.parametrize("driver", ["nvidia", "nouveau"])
def test_latest_too_brings_back_the_build_that_was_lost(host, hardware, driver):
    well(hardware)
    host.install("llama-cpp")
    hardware.card("nvidia", driver)
    broken(hardware)
    shutil.rmtree(host.path / "cuda12-llama-cpp")
    shutil.rmtree(host.path / "llama-cpp")
    host.install("llama-cpp", state="latest")
    assert host.names == ["cuda12-llama-cpp", "llama-cpp"]


def test_force_installs_the_same_build_again(host, hardware):
    well(hardware)
    host.install("llama-cpp")
    broken(hardware)
    prove(host, "llama-cpp", action="replace", force=True)
    assert host.names == ["cuda12-llama-cpp", "llama-cpp"]


def test_a_digest_is_that_of_the_build_that_stays(host, hardware):
    well(hardware)
    host.install("llama-cpp")
    old = host.metadata("cuda12-llama-cpp")["digest"]
    host.world.publish("2")
    host.install("llama-cpp", state="latest")
    broken(hardware)
    prove(host, "llama-cpp", action="replace", digest=old)
    assert host.metadata("cuda12-llama-cpp")["digest"] == old


# Pins


def pins(host, *names, capabilities=("default", "nvidia", "amd")):
    result = host.info(*names, pins=True, pin_capabilities=list(capabilities))
    assert not result["failed"], result["msg"]
    return result["pins"]


def test_pins_leave_the_build_that_is_installed(host, hardware):
    well(hardware)
    everything = pins(host, "llama-cpp")
    host.install("llama-cpp", pins=everything)
    broken(hardware)
    nightly(host, "llama-cpp", pins=everything, exclusive=True)
    hardware.card("nvidia", "nouveau")
    nightly(host, "llama-cpp", pins=everything, exclusive=True, galleries=DEAD)


def test_pins_bring_the_same_build_with_another_digest(host, hardware):
    well(hardware)
    host.install("llama-cpp")
    host.world.publish("2")
    broken(hardware)
    prove(host, "llama-cpp", action="replace", pins=pins(host, "llama-cpp"))
    assert host.names == ["cuda12-llama-cpp", "llama-cpp"]
    assert "2" in (host.path / "cuda12-llama-cpp/backend").read_text()


def test_pins_without_the_build_leave_it_and_say_so(host, hardware):
    well(hardware)
    host.install("llama-cpp")
    broken(hardware)
    others = pins(host, "llama-cpp", capabilities=("default", "amd"))
    nightly(host, "llama-cpp", pins=others, exclusive=True)
    said = host.backend("llama-cpp", pins=others)["warnings"]
    assert any("the set of pins has no row for cuda12-llama-cpp" in warning for warning in said)
    (host.path / "cuda12-llama-cpp/run.sh").unlink()
    result = host.backend("llama-cpp", pins=others)
    assert "llama-cpp has to be repaired, and the set of pins has no row for its build" in result["msg"]


def test_pins_install_nothing_that_was_guessed(host, hardware):
    everything = pins(host, "llama-cpp", "whisper")
    hardware.card("nvidia", "nvidia")
    refused(host, "llama-cpp", pins=everything, says="nvidia-smi: not found in PATH")


# Nothing is installed yet


def refused(host, *names, says, **options):
    """Both check mode and the run fail in the same way, and touch nothing."""
    for check in (True, False):
        result = host.backend(*names, check=check, **options)
        assert result["failed"], result
        assert (result["changed"], result["capability"]) == (False, None)
        assert says in result["msg"]
        assert "the option capability" in result["msg"]
    assert not host.path.exists() or host.names == []
    return result["msg"]


@pytest.mark.parametrize("state", ["present", "latest"])
@pytest.mark.parametrize(
    ("vendor", "says"),
    [
        ("nvidia", f"nvidia: nvidia-smi: exit status 18: {MISMATCH} NVML library version: 550.54"),
        ("amd", "amd: rocm-smi: not found in PATH, /opt/rocm/bin"),
    ],
)
def test_a_gpu_that_computes_and_cannot_be_read_is_an_error(host, hardware, vendor, says, state):
    hardware.card("intel", "i915")
    hardware.card(vendor, "amdgpu" if vendor == "amd" else vendor, number=1)
    if vendor == "nvidia":
        broken(hardware)
    message = refused(host, "piper", "llama-cpp", state=state, says=says)
    assert message.startswith("llama-cpp: the build for this host cannot be chosen")


@pytest.mark.parametrize("path", ["sys/bus/pci/devices/0000:01:00.0", "proc/driver/nvidia/gpus/0000:01:00.0"])
def test_it_is_an_error_without_a_graphics_card_too(host, hardware, path):
    if path.startswith("sys"):
        hardware.on_the_bus("nvidia", "nvidia")
    else:
        hardware.write(f"{path}/information", "")
    refused(host, "llama-cpp", says="nvidia-smi: not found in PATH")


@pytest.mark.parametrize(
    ("vendor", "driver"),
    [
        ("intel", "i915"),
        ("intel", "xe"),
        ("nvidia", "nouveau"),
        ("nvidia", "vfio-pci"),
        ("nvidia", ""),
        ("amd", "radeon"),
        ("aspeed", "ast"),
    ],
)
def test_what_does_not_compute_is_a_host_without_a_gpu(host, hardware, vendor, driver):
    hardware.card(vendor, driver)
    for state in ("present", "latest"):
        result = prove(host, "llama-cpp", action="install" if state == "present" else "none", state=state)
        assert (result["capability"], host.names) == ("default", ["cpu-llama-cpp", "llama-cpp"])
    assert host.info()["capability"] == "default"


def test_a_concrete_name_is_installed_as_it_is_asked_for(host, hardware):
    hardware.card("nvidia", "nvidia")
    prove(host, "cuda12-llama-cpp", "piper", action="install")
    assert host.names == ["cuda12-llama-cpp", "piper"]


def test_a_backend_from_a_source_is_installed(host, hardware):
    hardware.card("nvidia", "nvidia")
    prove(host, "mine", action="install", uri=f"{host.world.repository}:latest-piper")


def test_a_meta_backend_with_one_build_for_all_is_installed(host, hardware):
    hardware.card("nvidia", "nvidia")
    gallery = host.path.parent / "gallery.yaml"
    entry = {"name": "plain", "uri": f"{host.world.repository}:latest-piper"}
    gallery.write_text(yaml.safe_dump([{"name": "any", "capabilities": {"default": "plain"}}, entry]))
    prove(host, "any", action="install", galleries=[{"name": "test", "url": str(gallery)}])


def test_the_driver_comes_back_and_the_right_build_is_installed(host, hardware):
    hardware.card("nvidia", "nvidia")
    broken(hardware)
    refused(host, "llama-cpp", says=MISMATCH)
    hardware.nvidia_smi()
    prove(host, "llama-cpp", action="install")
    assert host.names == ["cuda12-llama-cpp", "llama-cpp"]


def test_what_is_said_to_the_module_goes_before_what_it_cannot_read(host, hardware, monkeypatch):
    hardware.card("nvidia", "nvidia")
    broken(hardware)
    assert host.install("llama-cpp", capability="amd")["warnings"] == []
    hardware.write("run/localai/capability", "nvidia")
    assert host.install("llama-cpp", state="latest")["warnings"] == []
    monkeypatch.setenv("LOCALAI_FORCE_META_BACKEND_CAPABILITY", "default")
    result = host.install("llama-cpp", state="latest")
    assert (result["capability"], result["warnings"]) == ("default", [])
    assert host.names == ["cpu-llama-cpp", "llama-cpp"]
    assert host.info()["capability_evidence"]["unreadable"] == []


def test_absent_needs_no_capability(host, hardware):
    well(hardware)
    host.install("llama-cpp")
    broken(hardware)
    prove(host, "llama-cpp", action="remove", state="absent")
    assert host.names == []


# Where memory is read


@pytest.mark.parametrize(
    "directory", ["/opt/rocm/bin", "/usr/lib/wsl/lib", "/usr/local/bin", "/usr/local/cuda/bin", ""]
)
def test_tools_are_found_in_their_usual_directories(host, hardware, directory):
    hardware.tool("nvidia-smi", "echo '0, NVIDIA A2, 15356, 1, 2'", directory)
    assert host.info()["capability"] == "nvidia"


def test_the_kernel_is_asked_before_the_tool(host, hardware):
    hardware.tool("rocm-smi", "echo 'device,total,used'; echo 'card0,1048576,1'; echo 'card1,1048576,1'")
    hardware.card("amd", "amdgpu", mem_info_vram_total="17163091968")
    hardware.card("amd", "amdgpu", 1, mem_info_vram_total="17163091968")
    result = host.info()
    assert (result["capability"], result["capability_evidence"]["vram"]) == ("amd", 2 * 17163091968)


@pytest.mark.parametrize("told", ["", "0", "none", "-5"])
def test_a_kernel_that_tells_nothing_leaves_it_to_the_tool(host, hardware, told):
    hardware.card("amd", "amdgpu", mem_info_vram_total=told)
    hardware.tool("rocm-smi", "echo 'device,total,used'; echo 'card0,17163091968,1'; exit 2")
    assert host.info()["capability"] == "amd"


@pytest.mark.parametrize("status", [0, 14, 15])
def test_rows_of_nvidia_smi_count_whatever_its_exit_status_is(host, hardware, status):
    hardware.card("nvidia", "nvidia")
    warning = "WARNING: infoROM is corrupted at gpu 0000:01:00.0"
    hardware.tool("nvidia-smi", f"echo '0, NVIDIA A2, 15356, 1, 2'; echo '{warning}'; exit {status}")
    assert host.info()["capability"] == "nvidia"


def test_a_small_gpu_with_a_damaged_inforom_is_small(host, hardware):
    hardware.card("nvidia", "nvidia")
    hardware.tool("nvidia-smi", "echo '0, NVIDIA T400, 2048, 1, 2'; echo 'WARNING: infoROM'; exit 14")
    assert host.info()["capability"] == "default"


def test_a_small_gpu_beside_one_that_is_given_to_a_guest_is_small(host, hardware):
    hardware.card("nvidia", "nvidia")
    hardware.on_the_bus("nvidia", "vfio-pci")
    hardware.nvidia_smi("2048")
    assert host.info()["capability"] == "default"


def test_memory_that_is_read_decides_whatever_else_is_there(host, hardware):
    hardware.card("nvidia", "nvidia")
    hardware.card("amd", "amdgpu", 1, mem_info_vram_total="17163091968")
    broken(hardware)
    result = host.info()
    assert (result["capability"], result["capability_evidence"]["unreadable"]) == ("nvidia", [])


# The info module


def test_the_info_module_says_what_cannot_be_read(host, hardware):
    well(hardware)
    broken(hardware)
    evidence = host.info()["capability_evidence"]
    assert host.info()["capability"] is None
    assert evidence["unreadable"] == [
        {
            "vendor": "nvidia",
            "probe": "nvidia-smi",
            "output": f"exit status 18: {MISMATCH} NVML library version: 550.54",
        }
    ]
    assert evidence["gpus"] == [{"vendor": "nvidia", "seen": "/sys/class/drm/card0/device/vendor"}]
    assert (evidence["forced_by"], evidence["cuda"]) == (None, ["12"])


def test_what_a_tool_prints_becomes_one_short_line(host, hardware):
    hardware.card("nvidia", "nvidia")
    hardware.tool("nvidia-smi", "printf 'a\\033[31m\\n\\tb\\377%0600d' 0; exit 9")
    (row,) = host.info()["capability_evidence"]["unreadable"]
    assert row["output"].startswith("exit status 9: a [31m b\ufffd000")
    assert len(row["output"]) < 310


def test_the_info_module_lists_as_on_a_good_day(host, hardware):
    well(hardware)
    host.install("llama-cpp")
    rows = host.info()["backends"]
    broken(hardware)
    assert host.info()["backends"] == rows


def test_upgrades_are_those_of_the_builds_that_stay(host, hardware):
    well(hardware)
    host.install("llama-cpp", "whisper")
    broken(hardware)
    assert host.info(upgrades=True)["upgrades"] == []
    host.world.publish("2")
    result = host.info(upgrades=True)
    assert {row["available_backend"] for row in result["upgrades"]} == {"cuda12-llama-cpp", "cuda12-whisper"}
    assert len([warning for warning in result["warnings"] if MISMATCH in warning]) == 1


def test_what_is_available_is_unknown_where_the_gpu_decides(host, hardware):
    well(hardware)
    host.install("llama-cpp")
    broken(hardware)
    found = {row["name"]: (row["compatible"], row["resolves_to"]) for row in host.info(available=True)["available"]}
    assert found["llama-cpp"] == (True, "cuda12-llama-cpp")
    assert found["whisper"] == (False, None)
    assert found["piper"] == (True, "piper")


def test_pins_of_a_host_that_cannot_be_read_need_its_capability(host, hardware):
    well(hardware)
    host.install("llama-cpp")
    broken(hardware)
    result = host.info("llama-cpp", pins=True)
    assert result["failed"]
    assert "the capability of this host is unknown" in result["msg"]
    assert MISMATCH in result["msg"]
    assert "pin_capabilities" in result["msg"]
    assert [row["backend"] for row in pins(host, "llama-cpp", capabilities=["nvidia"])["backends"]] == [
        "cuda12-llama-cpp"
    ]
