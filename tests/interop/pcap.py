# SPDX-License-Identifier: BSD-2-Clause
"""A capture file of datagrams that a relay saw, as if a device had sent them to port 5683: no capture, no root."""
import struct

RAW_IP = 101  # link type
DEVICE, SERVER = (bytes([192, 0, 2, 1]), 40000), (bytes([192, 0, 2, 2]), 5683)


def checksum(data):
    """RFC 1071."""
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)


def packet(source, target, data):
    """IPv4 and UDP around a datagram."""
    udp = struct.pack("!HHHH", source[1], target[1], 8 + len(data), 0)
    pseudo = source[0] + target[0] + struct.pack("!HH", 17, 8 + len(data))
    udp = udp[:6] + checksum(pseudo + udp + data)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(data), 0, 0x4000, 64, 17, 0) + source[0] + target[0]
    return ip[:10] + checksum(ip) + ip[12:] + udp + data


def write(path, wire):
    """wire: (direction, datagram) as relay.Relay shows them, "up" is from the device."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, RAW_IP))
        for i, (way, data) in enumerate(wire):
            ends = (DEVICE, SERVER) if way == "up" else (SERVER, DEVICE)
            p = packet(*ends, data)
            f.write(struct.pack("<IIII", i, 0, len(p), len(p)) + p)
