#!/usr/bin/env python3
"""Folds BatchNorm into the convolutions and writes a safetensors file with impasto's metadata.

usage: export.py IN.pth OUT.safetensors
"""
import json, struct, sys
import numpy as np, torch

ck = torch.load(sys.argv[1], map_location='cpu')
sd, names, tensors, i, block, k = ck['feat'], [], {}, 0, 1, 1
for v in ck['cfg']:
    if v == 'M':
        names.append(f'pool{block}'); block += 1; k = 1; i += 1; continue
    w, g, b = sd[f'{i}.weight'].float(), sd[f'{i+1}.weight'], sd[f'{i+1}.bias']
    s = g / (sd[f'{i+1}.running_var'] + 1e-5).sqrt()
    name = f'conv{block}_{k}'; names.append(name); k += 1; i += 3
    tensors[name + '.weight'] = (w * s.view(-1, 1, 1, 1)).contiguous().numpy().astype('<f4')
    tensors[name + '.bias'] = (b - sd[f'{i-2}.running_mean'] * s).numpy().astype('<f4')
header, at = {'__metadata__': {'format': 'impasto-network', 'version': '1', 'layers': ' '.join(names),
              'pixels': 'rgb 0..1', 'mean': '0.485 0.456 0.406', 'std': '0.229 0.224 0.225'}}, 0
for n, t in tensors.items():
    header[n] = {'dtype': 'F32', 'shape': list(t.shape), 'data_offsets': [at, at + t.nbytes]}; at += t.nbytes
h = json.dumps(header).encode(); h += b' ' * (-len(h) % 8)
with open(sys.argv[2], 'wb') as f:
    f.write(struct.pack('<Q', len(h)) + h)
    for t in tensors.values(): f.write(t.tobytes())
print(sys.argv[2], at, 'bytes of tensors,', ' '.join(names))
