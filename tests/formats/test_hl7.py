"""Framing of HL7 v2: bytes to messages, whatever the line ends, and nothing lost."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinmap.formats import hl7
from twinmap.formats.hl7 import Frame, Framing, Remark
from twinmap.limits import LIMITS

MSH = "MSH|^~\\&|LAB|H|TM|H|20260301||ORU^R01|1|P|2.5"
PID = "PID|1||42^^^H^MR"
OBX = "OBX|1|NM|2345-7^Glucose^LN||98|mg/dL"


def framed(data: bytes | str, **limits: int) -> tuple[list[Frame], list[Remark], Framing]:
    raw = data.encode() if isinstance(data, str) else data
    framing = Framing(io.BytesIO(raw), replace(LIMITS, **limits))
    events = list(framing)
    frames = [event for event in events if isinstance(event, Frame)]
    assert framing.messages == len(frames) == framing.second
    return frames, [event for event in events if isinstance(event, Remark)], framing


def message(*lines: str, end: str = "\r") -> str:
    return "".join(line + end for line in lines)


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_line_ends(end: str) -> None:
    frames, remarks, _ = framed(message(MSH, PID, OBX, end=end) * 2)
    assert [frame.lines for frame in frames] == [[MSH, PID, OBX]] * 2
    assert [list(frame.numbers) for frame in frames] == [[1, 2, 3], [4, 5, 6]]
    assert remarks == []


def test_mixed_line_ends_and_blank_lines_keep_their_numbers() -> None:
    frames, _, _ = framed(f"\r\n{MSH}\r{PID}\n\n{OBX}\r\n\r\n")
    assert frames[0].lines == [MSH, PID, OBX]
    assert list(frames[0].numbers) == [2, 3, 5]


def test_a_last_line_without_an_end_is_whole() -> None:
    frames, _, _ = framed(f"{MSH}\r{PID}\r{OBX}")
    assert frames[0].fault is None
    assert frames[0].lines[-1] == OBX


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n", b"\r\n\xef\xbb\xbf"])
def test_utf8_mark(mark: bytes) -> None:
    frames, _, _ = framed(mark + message(MSH, OBX).encode())
    assert frames[0].lines == [MSH, OBX]


def test_files_put_together_with_their_marks() -> None:
    one = b"\xef\xbb\xbf" + message(MSH, OBX).encode()
    assert len(framed(one * 3)[0]) == 3


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16(codec: str) -> None:
    frames, _, framing = framed((message(MSH, "PID|1||42||Müller")).encode(codec))
    assert framing.transcoded
    assert frames[0].lines[1].encode("latin-1").decode("utf-8") == "PID|1||42||Müller"


def test_mllp_bytes_are_taken_off() -> None:
    block = f"\x0b{MSH}\r{OBX}\r\x1c\r"
    frames, remarks, _ = framed(block * 2)
    assert [frame.lines for frame in frames] == [[MSH, OBX]] * 2
    assert all(frame.fault is None for frame in frames)
    assert remarks == []


def test_mllp_end_right_behind_the_last_field() -> None:
    frames, _, _ = framed(f"\x0b{MSH}\r{OBX}\x1c\r\x0b{MSH}\r{OBX}\x1c")
    assert [frame.lines[-1] for frame in frames] == [OBX, OBX]
    assert [frame.fault for frame in frames] == [None, None]


def test_an_open_mllp_frame_is_a_cut_message() -> None:
    frames, _, _ = framed(f"\x0b{MSH}\r{OBX}\r\x0b{MSH}\r{OBX}\r\x1c\r\x0b{MSH}\r{PID}\r")
    assert [frame.fault and frame.fault[0] for frame in frames] == ["TM-Q07", None, "TM-Q07"]


@pytest.mark.parametrize("tail", ["O", "OB", "OBX"])
def test_a_file_that_ends_in_a_segment_name_is_cut(tail: str) -> None:
    frames, _, _ = framed(message(MSH, PID) + message(MSH, OBX) + tail)
    assert [frame.fault and frame.fault[0] for frame in frames] == [None, "TM-Q07"]


def test_a_file_that_ends_before_the_message_type_is_cut() -> None:
    assert framed(message(MSH, OBX) + MSH[:20])[0][1].fault == (
        "TM-Q07",
        "a message is cut: its MSH ends before the message type",
    )


def test_a_batch_without_trailer_is_cut_only_in_the_middle_of_a_line() -> None:
    start = message("BHS|^~\\&|LAB", MSH, OBX)
    whole, remarks, _ = framed(start)
    assert whole[0].fault is None
    assert [remark.code for remark in remarks] == ["TM-Q08"]
    cut, _, _ = framed(start + PID[:9])
    assert cut[0].fault is not None
    assert cut[0].fault[0] == "TM-Q07"


def test_batch_counts_that_agree() -> None:
    batch = message("BHS|^~\\&", MSH, OBX, MSH, OBX, "BTS|2")
    _, remarks, _ = framed(message("FHS|^~\\&") + batch * 2 + message("FTS|2"))
    assert remarks == []


@pytest.mark.parametrize(
    ("trailer", "told"),
    [("BTS|3", {"stated": 3, "read": 2}), ("BTS|two", {}), ("FTS|1", {}), ("BTS|2\rBTS|2", {})],
)
def test_batch_counts_that_do_not(trailer: str, told: dict[str, int]) -> None:
    _, remarks, _ = framed(message("BHS|^~\\&", MSH, OBX, MSH, OBX, trailer))
    assert {remark.code for remark in remarks} == {"TM-Q08"}
    assert remarks[0].details == told


def test_a_trailer_without_a_count_says_nothing() -> None:
    assert framed(message("BHS|^~\\&", MSH, "BTS"))[1] == []


def test_text_behind_a_trailer_is_told() -> None:
    _, remarks, _ = framed(message("BHS|^~\\&", MSH, "BTS|1", OBX, OBX))
    assert [(remark.code, remark.details) for remark in remarks] == [("TM-Q06", {"lines": 2})]


def test_text_before_the_first_message_is_a_record_set_aside() -> None:
    frames, _, _ = framed(message(OBX, PID, MSH, OBX))
    assert frames[0].fault == ("TM-Q06", "text before the first MSH")
    assert frames[0].lines == [OBX, PID]
    assert frames[1].lines == [MSH, OBX]


@pytest.mark.parametrize("header", ["MSH", "MSHA|", "MSH|", "MSH|||x", "MSH ^~\\&", "MSH|LAB|H"])
def test_an_msh_without_encoding_characters_is_no_message(header: str) -> None:
    frames, _, _ = framed(message(header, OBX) + message(MSH, OBX))
    assert frames[0].fault is not None
    assert frames[0].fault[0] == "TM-Q06"
    assert frames[1].fault is None


def test_an_empty_file_has_no_messages() -> None:
    for data in (b"", b"\r\n\r\n", b"\xef\xbb\xbf", b"\x1a"):
        assert framed(data)[0] == []


def test_a_message_over_the_limit_is_cut_and_the_next_is_read() -> None:
    big = message(MSH, *["OBX|" + "x" * 500] * 50)
    frames, _, _ = framed(big + message(MSH, OBX), record_bytes=10_000)
    assert [frame.fault and frame.fault[0] for frame in frames] == ["TM-Q15", None]
    assert frames[1].lines == [MSH, OBX]


def test_one_line_over_the_limit_does_not_fill_the_memory() -> None:
    class Endless(io.RawIOBase):
        """100 MB in one line, then a message."""

        left = 100

        def read(self, _size: int = -1) -> bytes:
            self.left -= 1
            if self.left == 99:
                return f"{MSH}\rOBX|1|".encode()
            if self.left > 0:
                return b"x" * 1_000_000
            return f"\r{MSH}\r{OBX}\r".encode() if self.left == 0 else b""

    import tracemalloc

    tracemalloc.start()
    framing = Framing(Endless(), replace(LIMITS, record_bytes=2_000_000))  # type: ignore[arg-type]
    frames = [event for event in framing if isinstance(event, Frame)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [frame.fault and frame.fault[0] for frame in frames] == ["TM-Q15", None]
    assert framing.messages == framing.second == 2
    assert peak < 20_000_000


def test_blocks_cut_anywhere_give_the_same() -> None:
    data = (message(MSH, PID, OBX, end="\r\n") * 3 + "\x0b" + message(MSH, OBX) + "\x1c\r").encode()

    class Slow(io.BytesIO):
        step = 1

        def read(self, _size: int | None = -1) -> bytes:
            return super().read(self.step)

    expected = [(frame.lines, list(frame.numbers), frame.fault) for frame in framed(data)[0]]
    for step in range(1, 40):
        stream = Slow(data)
        stream.step = step
        framing = Framing(stream)
        frames = [event for event in framing if isinstance(event, Frame)]
        assert [(frame.lines, list(frame.numbers), frame.fault) for frame in frames] == expected
        assert framing.second == framing.messages == len(expected)


PIECES = [
    *(
        "MSH",
        "MSH|^~\\&|A|B|C|D|2026||ORU^R01|1|P|2.5",
        "MSH#*+%!#a",
        "OBX|1|NM",
        "PID",
        "NTE|1||MSH|",
        "xyz",
    ),
    *(
        "FHS|^~\\&",
        "BHS|^~\\&",
        "BTS|1",
        "FTS|1",
        "\r",
        "\n",
        "\r\n",
        "\x0b",
        "\x1c",
        "\x1a",
        "\x00",
        " ",
        "\t",
    ),
    *("\xef\xbb\xbf", "\x0c", "\x85", " MSH|^~\\&", "|"),
]


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.integers(1, 50))
def test_no_line_is_lost_and_both_counts_agree(pieces: list[str], step: int) -> None:
    """Every line with content is in a frame, an envelope, or counted as stray; in blocks of any size."""
    data = "".join(pieces).encode("latin-1")

    class Slow(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            return super().read(step)

    framing = Framing(Slow(data))
    events = list(framing)
    frames = [event for event in events if isinstance(event, Frame)]
    assert framing.messages == framing.second == len(frames)
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    kept = sum(len(frame.lines) for frame in frames)
    stray = sum(event.details.get("lines", 0) for event in events if isinstance(event, Remark))
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    envelope = [line for line in lines if line.strip(b"\x0b\x1c\x1a\x00 \t\xef\xbb\xbf")[:3] in ENVELOPE]
    full = [line for line in lines if line.removeprefix(b"\xef\xbb\xbf").strip(b"\x0b\x1c\x1a\x00 \t\x0c")]
    assert kept + stray + len(envelope) >= len(full) - sum(b"\xef\xbb\xbf" in line for line in lines)
    assert kept + stray <= len(full)


ENVELOPE = {b"FHS", b"BHS", b"BTS", b"FTS"}


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_random_bytes_never_fail(data: bytes) -> None:
    framing = Framing(io.BytesIO(data))
    frames = [event for event in framing if isinstance(event, Frame)]
    assert framing.messages == framing.second == len(frames)


def test_heads_tell_plain_messages_from_others() -> None:
    assert hl7.are_plain(hl7.heads_of([MSH, PID, OBX, "NTE"]))
    for odd in ("", "PIDX|1", "PV|1", " OBX|1", "BTS|1", "ADD|x", "obx|1"):
        assert not hl7.are_plain(hl7.heads_of([MSH, odd])), odd


def test_a_count_of_thousands_of_digits_is_no_count() -> None:
    """Python refuses to make a number of it."""
    text = message("BHS|^~\\&|A", MSH, PID, "BTS|" + "9" * 5_000)
    _, remarks, _ = framed(text)
    assert [(remark.code, remark.message) for remark in remarks] == [
        ("TM-Q08", "BTS-1 is not a number of messages")
    ]


def test_a_file_that_ends_in_a_header_is_cut() -> None:
    frames, _, _ = framed(message(MSH, PID, OBX) + MSH)
    assert [frame.fault for frame in frames] == [
        None,
        ("TM-Q07", "a message is cut: the file ends in its MSH"),
    ]
    (alone,), _, _ = framed(MSH)
    assert alone.fault is None
