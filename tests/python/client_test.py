"""dqnd.connect: a running daemon watched and controlled from Python, against the real program."""

import json
import pathlib
import shutil
import subprocess
import time

import dqnd as package
import numpy as np
import pytest
from dqnd.client import DaemonError
from dqnd.client.pictures import PictureDecoder, encode_png
from dqnd.v1 import moment_pb2, run_pb2
from dqnd_support import PROGRAM, dqnd, small_config

NOTEBOOK = pathlib.Path(__file__).parents[2] / "env_bridge/python/examples/watch.ipynb"
ENDLESS = ("train.total_env_steps=100000000", "evaluation.every_env_steps=0")


def wait_for(path, process):
    end = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def start(tmp_path):
    """Starts a small run with key=value; gives its directory."""
    processes = []

    def begin(*overrides):
        process = subprocess.Popen([PROGRAM, "train", small_config(tmp_path), *ENDLESS, *overrides],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        processes.append(process)
        wait_for(tmp_path / "small" / "address", process)
        return tmp_path / "small", process

    yield begin
    for process in processes:
        process.terminate()
        process.wait(60)


def cells(picture):
    """Catch is drawn on 10 x 5 cells: which of them something stands in."""
    height, width, _ = picture.shape
    middles = picture[height // 20::height // 10, width // 10::width // 5].astype(int)
    assert middles.shape == (10, 5, 3)
    background = np.median(middles.reshape(-1, 3), axis=0)
    return np.abs(middles - background).sum(axis=2) > 30


def test_a_run_is_watched_and_controlled(start):
    run, process = start("environment.n_envs=2")
    with package.connect(run) as daemon:
        assert daemon.description.environment.id == "catch" and daemon.may_control
        moments = []
        for moment in daemon.watch(1, 100, network_input=True):
            moments.append(moment)
            if len(moments) == 8:
                break
        shown = [moment for moment in moments if moment.step]
        for moment in shown:
            assert moment.picture.dtype == np.uint8 and moment.picture.ndim == 3
            assert moment.network_input.shape == (1, 10, 5, 1)
            assert moment.q_values.shape == (3,) and moment.action_name in daemon.action_names
        assert [m.env_step for m in shown] == sorted(m.env_step for m in shown)

        paused = daemon.pause()
        assert paused.phase == run_pb2.RUN_PHASE_PAUSED
        assert daemon.step(3).env_steps == paused.env_steps + 6
        assert daemon.status().env_steps == paused.env_steps + 6
        assert daemon.checkpoint().env_steps == paused.env_steps + 6
        daemon.resume()
        end = time.monotonic() + 60
        while "rollout/ep_rew_mean" not in (curves := daemon.curves()) or len(curves["rollout/ep_rew_mean"][0]) < 3:
            assert time.monotonic() < end
            time.sleep(0.05)
        env_steps, returns = curves["rollout/ep_rew_mean"]
        assert env_steps.dtype == np.int64 and (np.diff(env_steps) > 0).all()
        assert ((-1 <= returns) & (returns <= 1)).all()
        daemon.stop()
        assert process.wait(60) == 0
        with pytest.raises(DaemonError, match="cannot be reached"):
            daemon.status()


def test_pictures_show_the_game(start):
    """Where the network sees something the picture is not background: what was decoded is what was drawn."""
    run, _ = start()
    with package.connect(run) as daemon:
        before = None
        compared = 0
        for moment in daemon.play(games=4, speed=0, every_frame=True, epsilon=0.5, seed=1, network_input=True):
            if before is not None and moment.network_input is not None and not before.step.terminated:
                assert np.array_equal(cells(before.picture), moment.network_input[-1, :, :, 0] > 0)
                compared += 1
            before = moment if moment.step else None
        assert compared > 20


def test_equal_seeds_give_equal_games(start):
    run, _ = start()
    with package.connect(run) as daemon:
        daemon.pause()
        games = [[(m.action, m.reward, m.picture.tobytes()) for m in daemon.play(
            games=2, speed=0, every_frame=True, epsilon=0.5, seed=seed)] for seed in (3, 3, 4)]
        assert games[0] == games[1] != games[2]


def test_games_leave_nothing_behind(start):
    import threading

    run, _ = start()
    with package.connect(run) as daemon:
        before = None
        for _ in range(5):
            assert sum(1 for _ in daemon.play(games=1, speed=0, every_frame=True)) > 5
            next(daemon.play(games=1)), next(daemon.watch())
            end = time.monotonic() + 10
            while before is not None and threading.active_count() > before and time.monotonic() < end:
                time.sleep(0.01)
            assert before is None or threading.active_count() <= before
            before = before or threading.active_count() + 2  # gRPC's own come and go


def test_a_read_only_token_looks_and_does_not_control(start):
    run, _ = start()
    place = (run / "address").read_text().strip()
    token = (run / "access" / "read_only_token").read_text().strip()
    with package.connect(place, token=token) as daemon:
        assert not daemon.may_control
        assert next(iter(daemon.watch())) is not None
        with pytest.raises(DaemonError, match="read-only"):
            daemon.pause()
    for wrong in ("", "0" * 64):
        with pytest.raises(DaemonError, match="wants the token"):
            package.connect(place, token=wrong)


def test_a_certificate_is_compared_before_anything_is_sent(start):
    run, _ = start("server.listen=0.0.0.0:0")
    link = (run / "address").read_text().strip()
    assert "fingerprint=sha256:" in link
    with package.connect(run) as daemon:
        assert daemon.status().total_env_steps == 100_000_000
    place = link.replace("0.0.0.0", "127.0.0.1")
    token = (run / "access" / "control_token").read_text().strip()
    with pytest.raises(DaemonError, match="another certificate.*nothing was sent"):
        package.connect(place, token=token, fingerprint="sha256:" + "0" * 64)
    with pytest.raises(DaemonError, match="compare its fingerprint"):
        package.connect(place.removeprefix("dqnd://").partition("?")[0], token=token)


def test_plain_text_is_not_taken_for_tls(start):
    run, _ = start()
    place = (run / "address").read_text().strip()
    with pytest.raises(DaemonError, match="plain text.*nothing was sent"):
        package.connect(place, fingerprint="0" * 64)


def test_a_unix_socket_needs_no_token(start, tmp_path):
    run, _ = start(f"server.listen=unix:{tmp_path}/socket")
    with package.connect(f"unix:{tmp_path}/socket") as daemon:
        assert daemon.may_control


@pytest.mark.parametrize(("where", "said"), [
    ("127.0.0.1", "names no daemon"),
    ("dqnd://127.0.0.1:1?colour=red", "'colour' is nothing that"),
    ("127.0.0.1:99999", "names no daemon"),
])
def test_what_names_no_daemon_is_said(where, said):
    with pytest.raises(ValueError, match=said):
        package.connect(where)


def test_a_run_that_nobody_serves_is_said(tmp_path):
    with pytest.raises(ValueError, match="no daemon listens for it"):
        package.connect(tmp_path)
    with pytest.raises(DaemonError, match="cannot be reached"):
        package.connect("127.0.0.1:1", timeout_seconds=2)


def picture(pixels_lz4, **fields):
    return moment_pb2.Picture(**{"width_pixels": 2, "height_pixels": 2, "key": True, "pixels_lz4": pixels_lz4,
                                 "pixel_format": moment_pb2.PIXEL_FORMAT_INDEXED, "palette_rgb": bytes(6), **fields})


@pytest.mark.parametrize(("message", "said"), [
    (picture(b"\x40\x00\x01\x01\x00", width_pixels=0), "0 x 2"),
    (picture(b"\x40\x00\x01\x01\x00", width_pixels=8000, height_pixels=8000), "cannot hold"),
    (picture(b"\x40\x00\x01\x01\x02"), "colour 2"),
    (picture(b"\x40\x00\x01\x01\x00", key=False), "builds on one"),
    (picture(b"\xf0"), "block"),
])
def test_a_damaged_picture_is_refused(message, said):
    with pytest.raises(ValueError, match=said):
        PictureDecoder().decode(message)


def test_a_moment_is_a_picture_for_notebooks():
    import io

    from PIL import Image

    pixels = np.random.default_rng(1).integers(0, 256, (7, 5, 3), np.uint8)
    assert np.array_equal(np.array(Image.open(io.BytesIO(encode_png(pixels)))), pixels)


def test_the_example_shows_the_live_agent_in_a_notebook_cell(start, monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import RichOutput, capture_output

    run, _ = start()
    monkeypatch.chdir(run.parent)
    shell = InteractiveShell.instance()  # `display` looks for it
    notebook = json.loads(NOTEBOOK.read_text())
    shown = []
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        code = "".join(cell["source"]).replace("runs/quickstart", str(run)).replace("range(300)", "range(5)")
        with capture_output() as captured:
            result = shell.run_cell(code)
        assert result.success, captured.stdout
        shown += [output for output in captured.outputs if isinstance(output, RichOutput) and "image/png" in output.data]
    InteractiveShell.clear_instance()
    assert len(shown) >= 5
    assert shown[-1]._repr_png_()[:8] in (b"\x89PNG\r\n\x1a\n", "iVBORw0K")


def test_a_finished_run_is_served_to_python(tmp_path):
    config = small_config(tmp_path)
    assert dqnd("train", config).returncode == 0
    shutil.rmtree(tmp_path / "small" / "address", ignore_errors=True)
    process = subprocess.Popen([PROGRAM, "serve", tmp_path / "small"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(tmp_path / "small" / "address", process)
        with package.connect(tmp_path / "small") as daemon:
            returns = [m.return_so_far for m in daemon.play(games=20, speed=0, every_frame=True, epsilon=0, seed=1)
                       if m.step and m.step.terminated]
        assert len(returns) == 20 and sum(returns) > 0, "it has learned to catch"
    finally:
        process.terminate()
        process.wait(60)
