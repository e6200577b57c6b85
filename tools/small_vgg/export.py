#!/usr/bin/env python3
"""Writes what distill_vgg19.py trained as safetensors with impasto's metadata, each layer rescaled so that its
mean activation over the given pictures is 1 (exact: ReLU and max pooling are positively homogeneous).

usage: export.py IN.pth OUT.safetensors PICTURE...
"""
import json, struct, sys
import numpy as np, torch, torch.nn.functional as F
from PIL import Image

P = torch.load(sys.argv[1])['P']
LAYERS = 'conv1_1 conv1_2 pool1 conv2_1 conv2_2 pool2 conv3_1 conv3_2 conv3_3 pool3 conv4_1 conv4_2'.split()
MEAN = torch.tensor([123.68, 116.779, 103.939]).view(1, 3, 1, 1)
hs = [torch.from_numpy(np.asarray(Image.open(p).convert('RGB')).copy()).permute(2, 0, 1)[None].float() - MEAN for p in sys.argv[3:]]
before = 1.0
with torch.no_grad():
    for l in LAYERS:
        if l[0] == 'p':
            hs = [F.max_pool2d(h, 2) for h in hs]
            continue
        w, b = P[l + '.weight'].float(), P[l + '.bias'].float()
        outs = [F.relu(F.conv2d(h, w / before, b, padding=1)) for h in hs]
        s = 1 / float(np.mean([o.mean().item() for o in outs]))
        P[l + '.weight'], P[l + '.bias'] = w * (s / before), b * s
        hs, before = [o * s for o in outs], s
meta = {'format': 'impasto-network', 'version': '1', 'layers': ' '.join(LAYERS), 'pixels': 'rgb 0..1', 'normalized': 'mean activation 1 per layer',
        'mean': ' '.join(f'{v / 255:.8f}' for v in MEAN.flatten().tolist()), 'std': ' '.join([f'{1 / 255:.10f}'] * 3),
        'origin': 'imitates half of the channels of VGG-19 (Simonyan & Zisserman 2014, CC BY 4.0)'}
at, head, blobs = 0, {'__metadata__': meta}, []
for l in LAYERS:
    for k in ('weight', 'bias') if l[0] == 'c' else ():
        v = P[f'{l}.{k}'].contiguous(memory_format=torch.contiguous_format).numpy()
        head[f'{l}.{k}'] = {'dtype': 'F32', 'shape': list(v.shape), 'data_offsets': [at, at + v.nbytes]}
        at += v.nbytes
        blobs.append(v.tobytes())
text = json.dumps(head).encode()
text += b' ' * (-len(text) % 8)
open(sys.argv[2], 'wb').write(struct.pack('<Q', len(text)) + text + b''.join(blobs))
