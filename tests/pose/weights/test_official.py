"""Published weights: fetched once, checked, converted, and never taken for whole where they are not."""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from pose.errors import DataError
from pose.weights.addresses import ADDRESSES
from pose.weights.config_files import ConfigFile, library_folder
from pose.weights.official import OfficialWeights, default_cache, find_address, find_hash, read_metafiles
from tests.pose.weights.web import WebServer

TENSORS = {"backbone.conv.weight": torch.arange(6.0).reshape(2, 3), "head.bias": torch.ones(4)}


def checkpoint() -> bytes:
    """As MMEngine writes them, with the training's curves beside the weights."""
    pytest.importorskip("mmengine")
    from mmengine.logging import HistoryBuffer

    state: Any = OrderedDict(TENSORS)
    state._metadata = OrderedDict({"": {"version": 1}, "head": {"version": 2}})
    buffer = HistoryBuffer([0.5, 0.25], [1, 1])
    file = io.BytesIO()
    torch.save({"meta": {"epoch": 3}, "state_dict": state, "message_hub": {"log_scalars": {"loss": buffer}}}, file)
    return file.getvalue()


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = WebServer()
    yield server
    server.stop()


@pytest.fixture
def weights(web: WebServer, tmp_path: Path) -> OfficialWeights:
    web.content = checkpoint()
    digits = hashlib.sha256(web.content).hexdigest()[:8]
    return OfficialWeights("hrnet", f"{web.address}/hrnet-{digits}_20220909.pth", tmp_path / "cache")


def files(weights: OfficialWeights) -> list[str]:
    """What is in the folder, locks apart."""
    return sorted(path.name for path in weights.folder.glob("*") if path.suffix != ".lock")


def test_fetched_once_and_converted_once(weights, web):
    for _ in range(2):
        state = weights.load()
        assert {name: tensor.tolist() for name, tensor in state.items()} == {
            name: tensor.tolist() for name, tensor in TENSORS.items()
        }
        assert state._metadata["head"] == {"version": 2}
    assert web.requests == 1
    assert [name.partition("-")[0] for name in files(weights)] == ["hrnet"]
    assert files(weights)[0].endswith(".safetensors")


def test_many_at_once_fetch_it_once(weights, web):
    threads = [threading.Thread(target=weights.load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert web.requests == 1


def test_another_file_than_the_name_says(weights, web):
    web.content += b" "
    with pytest.raises(DataError, match=f"is not the file it should be: .*, not {weights.identity[-8:]}"):
        weights.load()
    assert files(weights) == []


@pytest.mark.parametrize("chunked", [False, True])
def test_a_download_that_is_cut_off(weights, web, chunked):
    web.cut, web.chunked = True, chunked
    with pytest.raises(DataError, match="cannot fetch hrnet") as error:
        weights.load()
    assert files(weights) == []
    assert_says_what_to_do(error, weights)
    web.cut = False
    assert len(weights.load()) == 2


@pytest.mark.parametrize(
    "garbage",
    [b"<html>Please log in</html>\r\n\r\n", b"HTTP/1.1 x\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200],
)
def test_an_answer_that_is_none(weights, web, garbage):
    web.garbage = garbage
    with pytest.raises(DataError, match="no answer of a web server") as error:
        weights.load()
    assert_says_what_to_do(error, weights)
    assert files(weights) == []


def test_a_length_that_is_no_number_is_passed_over(weights, web):
    web.garbage = b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + web.content
    assert len(weights.load()) == 2


def test_a_server_without_the_file(weights, web):
    web.status = 404
    with pytest.raises(DataError, match="the server says 404") as error:
        weights.load()
    assert_says_what_to_do(error, weights)


def test_no_server(weights, web):
    web.stop()
    with pytest.raises(DataError, match="Connection refused") as error:
        weights.load()
    assert_says_what_to_do(error, weights)
    assert files(weights) == []


def assert_says_what_to_do(error: Any, weights: OfficialWeights) -> None:
    """One line: from where, and where to."""
    [line] = str(error.value).splitlines()
    assert f"get {weights.url} and put it at {weights.folder}/hrnet-" in line


def test_a_file_that_was_put_there_is_taken(weights, web):
    weights.folder.mkdir()
    path = weights.folder / weights.url.rpartition("/")[2]
    path.write_bytes(web.content)
    assert len(weights.load()) == 2
    assert web.requests == 0


def test_a_wrong_file_that_was_put_there_is_not(weights, web):
    weights.folder.mkdir()
    path = weights.folder / weights.url.rpartition("/")[2]
    path.write_bytes(b"something else")
    with pytest.raises(DataError, match="its hash is not"):
        weights.load()
    assert path.exists()


def test_the_progress_bar_goes_away_where_the_disk_gets_full(weights, web):
    weights.folder.mkdir()
    web.content = bytes(1 << 20)  # more than a block: it gets full before the end
    (weights.folder / f".{weights.url.rpartition('/')[2]}.tmp").symlink_to("/dev/full")
    with pytest.raises(DataError, match="No space left") as error:
        weights.load()
    # The bar draws from a thread of its own, which the error's frames would keep.
    for thread in threading.enumerate():
        if type(thread).__module__.startswith("rich."):
            thread.join(2)
            assert not thread.is_alive(), error


def test_a_folder_in_the_place_of_the_file_cannot_be_read(weights, web):
    path = weights.folder / weights.url.rpartition("/")[2]
    path.mkdir(parents=True)
    with pytest.raises(DataError, match=r"\.pth cannot be read \(Is a directory\): take it away"):
        weights.load()
    assert web.requests == 0


def test_only_web_servers_are_asked(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"x")
    weights = OfficialWeights("x", f"file://{secret}-00000000.pth", tmp_path / "cache")
    with pytest.raises(DataError, match="begins with http"):
        weights.load()


def test_a_cache_below_a_file_cannot_be_written(weights, web, tmp_path):
    (tmp_path / "file").write_text("")
    elsewhere = OfficialWeights("hrnet", weights.url, tmp_path / "file/cache")
    with pytest.raises(DataError, match=r"file/cache, .* cannot be written \(Not a directory\): set cache"):
        elsewhere.load()
    assert web.requests == 0


def test_a_full_disk_is_no_fault_of_the_network(weights):
    weights.folder.mkdir()
    name = weights.url.rpartition("/")[2]
    for unfinished in (f".{name}.tmp", f".{name.replace('.pth', '.safetensors')}.tmp"):
        (weights.folder / unfinished).symlink_to("/dev/full")
        with pytest.raises(DataError, match=r"cannot be written \(No space left on device\): set cache") as error:
            weights.load()
        assert "\n" not in str(error.value)
    (weights.folder / unfinished).unlink()
    assert len(weights.load()) == 2


@pytest.mark.parametrize(
    ("name", "digits"),
    [
        ("td-hm_hrnet-w32_8xb64-210e_coco-256x192-81c58e40_20220909.pth", "81c58e40"),
        ("rtmdet_tiny_8xb32-300e_coco_20220902_112414-78e30dcc.pth", "78e30dcc"),
        ("dekr_hrnet-w32_8xb10-140e_coco-512x512_ac7c17bf-20221228.pth", "ac7c17bf"),
        ("faster_rcnn_r50_fpn_1x_coco_20200130-047c8118.pth", "047c8118"),
    ],
)
def test_the_hash_in_a_name_is_no_date(name, digits):
    assert find_hash(f"https://host/{name}") == digits


def test_a_name_without_a_hash_is_refused():
    with pytest.raises(DataError, match="has no hash in its name"):
        find_hash("https://host/net_20220909.pth")


@pytest.mark.parametrize("name", ADDRESSES)
def test_addresses_are_those_of_the_metafiles(name):
    library_or_skip(name)
    assert read_metafiles(ConfigFile(name)) == ADDRESSES[name]


def test_an_address_is_found_for_any_published_configuration():
    name = "mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_res101_8xb64-210e_coco-256x192.py"
    library_or_skip(name)
    assert find_address(ConfigFile(name)).endswith("-065d3625_20220926.pth")


def library_or_skip(name: str) -> None:
    try:
        library_folder(ConfigFile(name).library)
    except DataError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", ["my.py", "mmpose::body_2d_keypoint/unknown.py", "mmdet::rtmdet/rtmdet_tta.py"])
def test_no_official_weights(name):
    with pytest.raises(DataError, match="there are no official weights for"):
        find_address(ConfigFile(name))


def test_the_cache_is_the_users(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_cache() == Path("/somewhere/action-keypoints")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache() == Path.home() / ".cache/action-keypoints"
