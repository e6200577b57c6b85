#!/usr/bin/env python3
"""Rescales each convolution by one positive factor so that its ReLU's mean over a set of pictures is 1.

Exact, because ReLU and max pooling are positively homogeneous (Gatys et al. 2015 normalise VGG the same way).
usage: normalize.py IN.safetensors OUT.safetensors PICTURE...
"""
import json, struct, sys
import numpy as np, torch, torch.nn.functional as F
from PIL import Image

raw = open(sys.argv[1], 'rb').read(); n = struct.unpack('<Q', raw[:8])[0]; head = json.loads(raw[8:8 + n])
t = {k: torch.from_numpy(np.frombuffer(raw, '<f4', int(np.prod(v['shape'])), 8 + n + v['data_offsets'][0]).reshape(v['shape']).copy())
     for k, v in head.items() if k != '__metadata__'}
meta = head['__metadata__']; layers = meta['layers'].split()
mean, std = (torch.tensor([float(x) for x in meta[k].split()]).view(1, 3, 1, 1) for k in ('mean', 'std'))
pictures = [torch.from_numpy(np.asarray(Image.open(p).convert('RGB')).copy()).permute(2, 0, 1)[None].float() / 255 for p in sys.argv[3:]]
hs, before = [(x - mean) / std for x in pictures], 1.0
with torch.no_grad():
    for l in layers:
        if l[0] == 'p': hs = [F.max_pool2d(h, 2) for h in hs]; continue
        w, b = t[l + '.weight'], t[l + '.bias']          # hs already carry the earlier factors, so the filter undoes them
        outs = [F.relu(F.conv2d(h, w / before, b, padding=1)) for h in hs]
        s = 1 / float(np.mean([o.mean().item() for o in outs]))
        t[l + '.weight'], t[l + '.bias'] = w * (s / before), b * s
        hs, before = [o * s for o in outs], s
meta['normalized'] = 'mean activation 1 per layer'
at, out = 0, {'__metadata__': meta}
for k, v in t.items(): out[k] = {'dtype': 'F32', 'shape': list(v.shape), 'data_offsets': [at, at + v.numel() * 4]}; at += v.numel() * 4
h = json.dumps(out).encode(); h += b' ' * (-len(h) % 8)
with open(sys.argv[2], 'wb') as f:
    f.write(struct.pack('<Q', len(h)) + h)
    for v in t.values(): f.write(v.contiguous().numpy().tobytes())
