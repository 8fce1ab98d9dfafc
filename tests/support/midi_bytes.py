"""A reader of MIDI files that shares nothing with ours: the bytes, as the standard says."""

import struct


def parse(content):
    """Return (type, ticks a beat, tracks); a track is its events (tick, status, data)."""
    assert content[:4] == b"MThd"
    length, kind, count, ticks = struct.unpack(">IHHH", content[4:14])
    at, tracks = 8 + length, []
    for _ in range(count):
        assert content[at : at + 4] == b"MTrk"
        (length,) = struct.unpack(">I", content[at + 4 : at + 8])
        tracks.append(events(content[at + 8 : at + 8 + length]))
        at += 8 + length
    assert at == len(content)
    return kind, ticks, tracks


def events(body):
    at, tick, status, found = 0, 0, 0, []
    while at < len(body):
        delta, at = number(body, at)
        tick += delta
        if body[at] >= 0x80:
            status, at = body[at], at + 1
        if status == 0xFF:
            meta = body[at]
            length, at = number(body, at + 1)
            found.append((tick, (0xFF, meta), body[at : at + length]))
            at += length
        else:
            size = 1 if status >> 4 in (0xC, 0xD) else 2
            found.append((tick, status, body[at : at + size]))
            at += size
    return found


def number(body, at):
    value = 0
    while True:
        value = value << 7 | body[at] & 0x7F
        at += 1
        if body[at - 1] < 0x80:
            return value, at


def notes_of(track, ticks):
    """Return the sorted (start, length, pitch, velocity, channel), times in beats."""
    sounding, found = {}, []
    for tick, status, data in track:
        if isinstance(status, tuple) or status >> 4 not in (8, 9):
            continue
        key = (status & 15, data[0])
        if status >> 4 == 9 and data[1]:
            assert key not in sounding
            sounding[key] = (tick, data[1])
        else:
            start, velocity = sounding.pop(key)
            found.append((start / ticks, (tick - start) / ticks, key[1], velocity, key[0]))
    assert not sounding
    return sorted(found)
