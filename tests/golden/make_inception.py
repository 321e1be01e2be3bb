"""Features of the FID Inception network, computed by torchvision's modules with a sixteenth of the widths: see README.md.

The weights and the images are numbers of a counter, which the tests draw again: none are in the file. The pools are those of TensorFlow's graph of
2015-12-05, which differ from torchvision's: means that leave out the padding, and a maximum in the last block.
"""
import json
import math
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from make_golden import save
from torchvision.models import inception as tv

DIVISOR, SEED = 16, 2015
U64 = (1 << 64) - 1


def mix(z):
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def name_hash(name):
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = (h ^ b) * 0x100000001B3 & U64
    return np.uint64(h)


def bits(name, count):
    """Mix(Mix(Mix(seed) ^ hash of the name) ^ counter)."""
    with np.errstate(over="ignore"):
        return mix(mix(mix(np.uint64(SEED)) ^ name_hash(name)) ^ np.arange(count, dtype=np.uint64))


def uniform(name, shape, low, high):
    unit = (bits(name, math.prod(shape)) >> np.uint64(40)).astype(np.float64) / (1 << 24)
    return torch.from_numpy((low + (high - low) * unit).astype(np.float32).reshape(shape))


def weight(name, shape):
    if len(shape) == 4:
        bound = math.sqrt(6 / math.prod(shape[1:]))
        return uniform(name, shape, -bound, bound)
    if len(shape) == 2:
        return uniform(name, shape, -0.1, 0.1)
    if name.endswith("running_var"):
        return uniform(name, shape, 0.5, 1.5)
    if name.endswith("bn.weight"):
        return uniform(name, shape, 0.6, 1.2)
    return uniform(name, shape, -0.2, 0.2)


def images(name, count, size):
    b = bits(name, count * size * size * 3) >> np.uint64(56)
    return torch.from_numpy(b.astype(np.float64).reshape(count, size, size, 3)).permute(0, 3, 1, 2) / 255


torch_avg_pool2d = F.avg_pool2d


def mean_pool(x, kernel_size, stride=1, padding=0):
    return torch_avg_pool2d(x, kernel_size, stride, padding, count_include_pad=False)


def max_pool(x, kernel_size, stride=1, padding=0):
    return F.max_pool2d(x, kernel_size, stride, padding)


def with_pool(block, pool):
    """torchvision's block with its own call of avg_pool2d answered by another pool."""
    forward = block._forward

    def patched(x):
        before, tv.F.avg_pool2d = tv.F.avg_pool2d, pool
        try:
            return forward(x)
        finally:
            tv.F.avg_pool2d = before

    block._forward = patched


def network(divisor):
    def conv(inputs, outputs, **kw):
        return tv.BasicConv2d(3 if inputs == 3 else inputs // divisor, outputs // divisor, **kw)

    blocks = [conv] + [partial(b, conv_block=conv) for b in (tv.InceptionA, tv.InceptionB, tv.InceptionC, tv.InceptionD, tv.InceptionE)] + [None]
    net = tv.Inception3(num_classes=1008 // divisor, aux_logits=False, transform_input=False, inception_blocks=blocks, init_weights=False)
    net.fc = torch.nn.Linear(2048 // divisor, 1008 // divisor)
    for name in ("Mixed_5b", "Mixed_5c", "Mixed_5d", "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e", "Mixed_7b"):
        with_pool(getattr(net, name), mean_pool)
    with_pool(net.Mixed_7c, max_pool)
    return net.eval()


def main():
    full = torchvision.models.inception_v3(weights=None, num_classes=1008, aux_logits=False, init_weights=False).state_dict()
    assert {k: v.shape for k, v in network(1).state_dict().items()} == {k: v.shape for k, v in full.items()}
    net = network(DIVISOR)
    net.load_state_dict({k: v if v.ndim == 0 else weight(k, tuple(v.shape)) for k, v in net.state_dict().items()})
    net.double()
    features = {}
    net.avgpool.register_forward_hook(lambda m, i, o: features.update(pool=o.flatten(1)))
    tensors = {}
    with torch.no_grad():
        for name, count, size in (("small", 2, 32), ("middle", 1, 64), ("large", 1, 320)):
            x = F.interpolate(images(name, count, size), size=(299, 299), mode="bilinear", align_corners=False)
            net(2 * x - 1)
            tensors[f"{name}.features"] = features["pool"].float()
            tensors[f"{name}.logits"] = (features["pool"] @ net.fc.weight.T).float()
    for k, v in tensors.items():
        print(k, tuple(v.shape), v.abs().max().item(), v.std().item())
    names = {k: list(v.shape) for k, v in full.items() if v.ndim > 0}
    save("inception.safetensors", tensors, {"divisor": str(DIVISOR), "state": json.dumps(names, separators=(",", ":")), "computed_in": "float64",
                                            "torch": torch.__version__, "torchvision": torchvision.__version__})


if __name__ == "__main__":
    main()
