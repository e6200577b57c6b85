#!/usr/bin/env python3
"""Stores the tensors of a float32 safetensors file as float16, rounded to nearest; metadata kept.

usage: to_float16.py IN.safetensors OUT.safetensors
"""
import json
import struct
import sys

import numpy as np


def main(source, target):
    raw = open(source, 'rb').read()
    length = struct.unpack('<Q', raw[:8])[0]
    header, data = json.loads(raw[8:8 + length]), raw[8 + length:]

    narrow, tensors, end = {}, [], 0
    for name, entry in header.items():
        if name == '__metadata__':
            narrow[name] = entry
            continue
        assert entry['dtype'] == 'F32', f'{name}: {entry["dtype"]}, expected F32'
        begin, stop = entry['data_offsets']
        wide = np.frombuffer(data[begin:stop], '<f4')
        half = wide.astype('<f2')
        assert np.isfinite(half).all(), f'{name}: too large for float16'
        lost = np.linalg.norm(half.astype('f8') - wide) / np.linalg.norm(wide)
        print(f'{name:16} largest {np.abs(wide).max():9.4f}   relative error {lost:.1e}')
        tensors.append(half.tobytes())
        narrow[name] = {'dtype': 'F16', 'shape': entry['shape'],
                        'data_offsets': [end, end + half.nbytes]}
        end += half.nbytes

    text = json.dumps(narrow, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(target, 'wb') as out:
        out.write(struct.pack('<Q', len(text)) + text + b''.join(tensors))


main(*sys.argv[1:])
