#!/usr/bin/env python3
"""Makes images.zip: small PNG, JPEG, GIF, BMP and WebP files drawn here, and what Pillow makes of them. Needs numpy and Pillow (made with Pillow 9.4.0, libjpeg-turbo 2.1).

Entries:  png/NAME.png, jpeg/NAME.jpg     the files
          other/NAME.EXTENSION            CMYK JPEG, GIF, BMP and WebP files
          .../NAME.pixels                 i32 width, height, channels (little-endian), then the bytes, as Pillow decodes them
          resize/NAME.from, NAME.to       the same form: an image and Pillow's resize with BILINEAR
Files that Pillow cannot write (every PNG type and depth, Adam7, odd JPEG samplings, restart intervals, separate scans) are written by two small encoders.
"""
import io
import struct
import zipfile
import zlib

import numpy as np
from PIL import Image, ImageDraw, ImageOps

random = np.random.RandomState(7)
entries = {}


def pixels(a):
    a = np.asarray(a, dtype=np.uint8)
    a = a[:, :, None] if a.ndim == 2 else a
    return struct.pack("<iii", a.shape[1], a.shape[0], a.shape[2]) + a.tobytes()


def picture(w, h, noise=3):
    image = Image.new("RGB", (w, h), (70, 120, 200))
    draw = ImageDraw.Draw(image)
    draw.ellipse([w * 0.1, h * 0.1, w * 0.7, h * 0.8], fill=(240, 90, 60))
    draw.rectangle([w * 0.5, h * 0.4, w * 0.95, h * 0.95], fill=(40, 200, 90))
    draw.line([0, h - 1, w - 1, 0], fill=(250, 250, 20), width=2)
    a = np.asarray(image).astype(int) + random.randint(-noise, noise + 1, (h, w, 3))
    return np.clip(a, 0, 255).astype(np.uint8)


# ---- PNG ------------------------------------------------------------------

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack(row, depth):
    """One row of samples to bytes."""
    if depth == 16:
        return row.astype(">u2").tobytes()
    if depth == 8:
        return row.astype(np.uint8).tobytes()
    bits = "".join(format(int(v), "0%db" % depth) for v in row)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def filtered(rows, step):
    """Rows with filters 0, 1, 2, 3, 4 in turn."""
    out, above = b"", bytes(len(rows[0])) if rows else b""
    for y, row in enumerate(rows):
        kind = y % 5
        out += bytes([kind])
        for i, v in enumerate(row):
            a = row[i - step] if i >= step else 0
            b = above[i]
            c = above[i - step] if i >= step else 0
            p = a + b - c
            paeth = a if abs(p - a) <= abs(p - b) and abs(p - a) <= abs(p - c) else b if abs(p - b) <= abs(p - c) else c
            out += bytes([(v - [0, a, b, (a + b) // 2, paeth][kind]) & 255])
        above = row
    return out


def png(samples, colour, depth, interlace, extra=b"", split=1):
    """samples [h, w, n] of integers below 2^depth."""
    h, w, n = samples.shape
    step = max(1, n * depth // 8)
    data = b""
    for x0, y0, dx, dy in ADAM7 if interlace else [(0, 0, 1, 1)]:
        part = samples[y0::dy, x0::dx]
        if part.size:
            data += filtered([pack(row.reshape(-1), depth) for row in part], step)
    data = zlib.compress(data)
    cuts = [len(data) * i // split for i in range(split + 1)]
    idat = b"".join(chunk(b"IDAT", data[a:b]) for a, b in zip(cuts, cuts[1:]))
    header = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, int(interlace))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + idat + chunk(b"IEND", b"")


def add_png(name, file, mode, expected=None):
    image = Image.open(io.BytesIO(file))
    image.load()
    if expected is not None:
        pass
    elif image.mode in ("I", "I;16"):
        expected = np.asarray(image).astype(int) >> 8
    else:
        expected = np.asarray(image.convert(mode))
    entries["png/%s.png" % name] = file
    entries["png/%s.pixels" % name] = pixels(expected)


CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
MODES = {0: "L", 2: "RGB", 3: "RGB", 4: "LA", 6: "RGBA"}
for colour, depths in {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}.items():
    for depth in depths:
        for interlace in (False, True):
            w, h = (11, 9) if not interlace else (13, 10)
            top = 1 << depth
            samples = random.randint(0, min(top, 200) if colour == 3 else top, (h, w, CHANNELS[colour]))
            palette = chunk(b"PLTE", random.randint(0, 256, 3 * min(top, 200)).astype(np.uint8).tobytes()) if colour == 3 else b""
            file = png(samples, colour, depth, interlace, palette, split=3 if interlace else 1)
            # Pillow turns 16-bit grey + alpha into RGBA.
            if (colour, depth) == (4, 16):
                add_png("c%d-d%d%s" % (colour, depth, "-i" if interlace else ""), file, "LA")
            else:
                add_png("c%d-d%d%s" % (colour, depth, "-i" if interlace else ""), file, MODES[colour])
for w, h in [(1, 1), (2, 1), (1, 5), (3, 3), (5, 2)]:
    add_png("tiny-%dx%d-i" % (w, h), png(random.randint(0, 256, (h, w, 3)), 2, 8, True), "RGB")
samples = random.randint(0, 4, (8, 8, 1))
# Pillow compares the transparent grey with samples already scaled to 8 bits, so that it never matches below 8 bits: by definition instead.
expected = np.concatenate([samples * 85, np.where(samples == 2, 0, 255)], axis=2)
add_png("trns-grey2", png(samples, 0, 2, False, chunk(b"tRNS", struct.pack(">H", 2))), "LA", expected)
samples = random.randint(0, 2, (8, 8, 3)) * 90
add_png("trns-rgb8", png(samples, 2, 8, False, chunk(b"tRNS", struct.pack(">HHH", 90, 0, 90))), "RGBA")
samples = random.randint(0, 7, (8, 8, 1))
palette = chunk(b"PLTE", random.randint(0, 256, 21).astype(np.uint8).tobytes()) + chunk(b"tRNS", bytes([0, 128, 255, 7]))
add_png("trns-palette", png(samples, 3, 4, False, palette), "RGBA")

# ---- JPEG ------------------------------------------------------------------

ZIGZAG = sorted(range(64), key=lambda i: (i // 8 + i % 8, i // 8 if (i // 8 + i % 8) % 2 else i % 8))
COSINES = np.array([[np.cos((2 * x + 1) * u * np.pi / 16) * (np.sqrt(0.125) if u == 0 else 0.5) for x in range(8)] for u in range(8)])


class Bits:
    """Flat Huffman codes: 4 bits for a DC size, 8 bits for an AC symbol."""
    def __init__(self):
        self.text = []

    def put(self, value, n):
        if n:
            self.text.append(format(value, "0%db" % n))

    def number(self, v):
        n = int(abs(v)).bit_length()
        return n, (v if v >= 0 else v + (1 << n) - 1)

    def flush(self):
        s = "".join(self.text)
        s += "1" * (-len(s) % 8)
        self.text = []
        return bytes(int(s[i:i + 8], 2) for i in range(0, len(s), 8)).replace(b"\xff", b"\xff\x00")


AC = [run << 4 | size for run in range(16) for size in range(1, 11)] + [0x00, 0xF0]


def blocks_of(plane, quality):
    """Quantised coefficients [rows, columns, 64] in zigzag order of a plane whose size is a multiple of 8."""
    h, w = plane.shape
    b = plane.reshape(h // 8, 8, w // 8, 8).transpose(0, 2, 1, 3).astype(float) - 128
    c = np.einsum("ux,ijxy,vy->ijuv", COSINES, b, COSINES)
    return np.rint(c / quality).astype(int).reshape(h // 8, w // 8, 64)[:, :, ZIGZAG]


def jpeg(rgb, factors, restart=0, separate=False, transform="ycc", quality=6, junk=b""):
    """A sequential JPEG. factors: (h, v) of each component; transform: ycc, grey, adobe-rgb or rgb-names."""
    h, w = rgb.shape[:2]
    f = rgb.astype(float)
    if transform in ("ycc", "grey", "ycck"):
        y = f @ [0.299, 0.587, 0.114]
        planes = [y, 128 + (f[:, :, 2] - y) / 1.772, 128 + (f[:, :, 0] - y) / 1.402][:1 if transform == "grey" else 3]
        if transform == "ycck":
            planes.append(255 - f.min(axis=2) / 2)
    else:
        planes = [f[:, :, i] for i in range(3)]
    ids = [82, 71, 66] if transform == "rgb-names" else [1, 2, 3, 4]
    hm, vm = max(a for a, _ in factors), max(b for _, b in factors)
    mw, mh = -(-w // (8 * hm)), -(-h // (8 * vm))
    coded = []
    for plane, (fh, fv) in zip(planes, factors):
        # The samples of a component: point samples of the picture, edges repeated.
        ys = np.clip((np.arange(mh * fv * 8) + 0.5) * vm / fv, 0, h - 1).astype(int)
        xs = np.clip((np.arange(mw * fh * 8) + 0.5) * hm / fh, 0, w - 1).astype(int)
        coded.append(blocks_of(plane[np.ix_(ys, xs)], quality))
    out = b"\xff\xd8"
    if transform == "adobe-rgb":
        out += b"\xff\xee" + struct.pack(">H", 14) + b"Adobe" + struct.pack(">HHHB", 100, 0, 0, 0)
    if transform == "ycck":
        out += b"\xff\xee" + struct.pack(">H", 14) + b"Adobe" + struct.pack(">HHHB", 100, 0, 0, 2)
    out += b"\xff\xdb" + struct.pack(">HB", 67, 0) + bytes([quality] * 64)
    n = len(planes)
    out += b"\xff\xc0" + struct.pack(">HBHHB", 8 + 3 * n, 8, h, w, n) + b"".join(bytes([ids[i], factors[i][0] << 4 | factors[i][1], 0]) for i in range(n))
    out += b"\xff\xc4" + struct.pack(">HB", 19 + 12, 0x00) + bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12))
    out += b"\xff\xc4" + struct.pack(">HB", 19 + len(AC), 0x10) + bytes([0] * 7 + [len(AC)] + [0] * 8) + bytes(AC)
    if restart:
        out += b"\xff\xdd" + struct.pack(">HH", 4, restart)
    for scan in [[i] for i in range(n)] if separate or n == 1 else [list(range(n))]:
        out += b"\xff\xda" + struct.pack(">HB", 6 + 2 * len(scan), len(scan)) + b"".join(bytes([ids[i], 0]) for i in scan) + bytes([0, 63, 0])
        if len(scan) == 1:
            fh, fv = factors[scan[0]]
            cw, ch = -(-(-(-w * fh // hm)) // 8), -(-(-(-h * fv // vm)) // 8)
            units = [[(scan[0], y, x)] for y in range(ch) for x in range(cw)]
        else:
            units = [[(i, my * factors[i][1] + v, mx * factors[i][0] + u) for i in scan for v in range(factors[i][1]) for u in range(factors[i][0])]
                     for my in range(mh) for mx in range(mw)]
        bits, last = Bits(), [0] * n
        for number, unit in enumerate(units):
            if restart and number and number % restart == 0:
                out += bits.flush() + bytes([0xFF, 0xD0 + (number // restart - 1) % 8])
                last = [0] * n
            for i, by, bx in unit:
                z = coded[i][by, bx]
                size, value = bits.number(int(z[0]) - last[i])
                last[i] = int(z[0])
                bits.put(size, 4)
                bits.put(value, size)
                run, end = 0, max([k for k in range(1, 64) if z[k]], default=0)
                for k in range(1, end + 1):
                    if z[k] == 0:
                        run += 1
                        continue
                    while run > 15:
                        bits.put(AC.index(0xF0), 8)
                        run -= 16
                    size, value = bits.number(int(z[k]))
                    bits.put(AC.index(run << 4 | size), 8)
                    bits.put(value, size)
                    run = 0
                if end < 63:
                    bits.put(AC.index(0), 8)
        out += bits.flush() + junk
    return out + b"\xff\xd9"


def add_jpeg(name, file):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(file)))
    entries["jpeg/%s.jpg" % name] = file
    entries["jpeg/%s.pixels" % name] = pixels(np.asarray(image if image.mode == "L" else image.convert("RGB")))


def pillow(a, **options):
    file = io.BytesIO()
    Image.fromarray(a).save(file, "JPEG", **options)
    return file.getvalue()


for progressive in (False, True):
    suffix = "-progressive" if progressive else ""
    for sampling, letters in enumerate(["444", "422", "420"]):
        for w, h in [(33, 21), (16, 16), (5, 3), (1, 1)]:
            add_jpeg("p-%s-%dx%d%s" % (letters, w, h, suffix), pillow(picture(w, h), quality=85, subsampling=sampling, progressive=progressive))
    add_jpeg("p-grey%s" % suffix, pillow(picture(27, 19)[:, :, 1], quality=70, progressive=progressive))
    add_jpeg("p-best%s" % suffix, pillow(picture(24, 24, 60), quality=100, subsampling=0, progressive=progressive))
    add_jpeg("p-worst%s" % suffix, pillow(picture(40, 24, 60), quality=2, subsampling=2, progressive=progressive))
for factors in [
    "221111", "121111", "411111", "141111", "421111", "241111", "212111", "122111", "221211", "222121", "311111", "131111", "112211", "111111", "442211"]:
    pairs = [(int(factors[2 * i]), int(factors[2 * i + 1])) for i in range(3)]
    add_jpeg("s-" + factors, jpeg(picture(37, 29), pairs, separate=factors in ("442211",)))
add_jpeg("restart-1", jpeg(picture(37, 29), [(2, 2), (1, 1), (1, 1)], restart=1))
add_jpeg("restart-2", jpeg(picture(70, 40), [(1, 1), (1, 1), (1, 1)], restart=2))
add_jpeg("restart-grey", jpeg(picture(50, 50), [(2, 2)], restart=3, transform="grey"))
add_jpeg("scans", jpeg(picture(37, 29), [(2, 2), (1, 1), (1, 1)], separate=True))
add_jpeg("scans-restart", jpeg(picture(37, 29), [(2, 1), (1, 1), (1, 1)], separate=True, restart=2))
add_jpeg("adobe-rgb", jpeg(picture(21, 17), [(1, 1)] * 3, transform="adobe-rgb"))
add_jpeg("rgb-names", jpeg(picture(21, 17), [(1, 1)] * 3, transform="rgb-names"))
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    add_jpeg("exif-%d" % orientation, pillow(picture(24, 16), quality=90, exif=exif))

# ---- resize ------------------------------------------------------------------

for w, h, to in [(37, 23, (16, 16)), (7, 5, (32, 32)), (64, 40, (10, 33)), (1, 1, (4, 4)), (33, 33, (33, 12)), (50, 3, (8, 8)), (28, 28, (32, 32))]:
    for mode in ("RGB", "L"):
        image = Image.fromarray(picture(w, h, 100)).convert(mode)
        name = "resize/%dx%d-%dx%d-%s" % (w, h, to[0], to[1], mode)
        entries[name + ".from"] = pixels(image)
        entries[name + ".to"] = pixels(image.resize(to, Image.BILINEAR))

# ---- other formats -----------------------------------------------------------


def add_other(name, file, mode, expected=None):
    entries["other/" + name] = file
    entries["other/%s.pixels" % name] = pixels(np.asarray((expected or Image.open(io.BytesIO(file))).convert(mode)))


def save(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


drawn = Image.fromarray(picture(37, 29))
add_other("cmyk.jpg", save(drawn.convert("CMYK"), "JPEG", quality=90), "RGB")
add_other("cmyk-progressive.jpg", save(drawn.convert("CMYK"), "JPEG", quality=90, progressive=True), "RGB")
add_other("ycck.jpg", jpeg(picture(37, 29), [(1, 1)] * 4, transform="ycck"), "RGB")
shape = Image.new("L", drawn.size, 0)
ImageDraw.Draw(shape).ellipse([4, 4, 30, 24], fill=255)
soft = shape.resize((10, 8)).resize(drawn.size, Image.BILINEAR)
palette = drawn.quantize(60)
add_other("plain.gif", save(palette, "GIF", interlace=0), "RGBA")
add_other("interlaced.gif", save(palette, "GIF", interlace=1), "RGBA")
add_other("grey.gif", save(drawn.convert("L"), "GIF"), "RGBA")
add_other("two-colours.gif", save(drawn.convert("1"), "GIF"), "RGBA")
add_other("transparent.gif", save(palette, "GIF", transparency=int(np.asarray(palette)[0, 0])), "RGBA")
add_other("animated.gif", save(palette, "GIF", save_all=True, append_images=[palette.rotate(90), palette.rotate(180)], duration=100), "RGBA")
add_other("noise.gif", save(Image.fromarray(random.randint(0, 256, (50, 61)).astype(np.uint8)), "GIF"), "RGBA")
add_other("24.bmp", save(drawn, "BMP"), "RGBA")
# The fourth byte of a pixel is alpha to most programs, to Pillow it is nothing.
add_other("32.bmp", save(Image.merge("RGBA", drawn.split() + (soft,)), "BMP"), "RGBA", Image.merge("RGBA", drawn.split() + (soft,)))
add_other("8.bmp", save(palette, "BMP"), "RGBA")
add_other("1.bmp", save(drawn.convert("1"), "BMP"), "RGBA")
down = bytearray(save(drawn, "BMP"))
down[22:26] = struct.pack("<i", -drawn.height)
add_other("top-down.bmp", bytes(down), "RGBA")
add_other("lossy.webp", save(drawn, "WEBP", quality=80), "RGBA")
add_other("lossless.webp", save(drawn, "WEBP", lossless=True), "RGBA")
add_other("lossy-alpha.webp", save(Image.merge("RGBA", drawn.split() + (soft,)), "WEBP", quality=80), "RGBA")
add_other("lossless-alpha.webp", save(Image.merge("RGBA", drawn.split() + (soft,)), "WEBP", lossless=True, exact=True), "RGBA")

with zipfile.ZipFile("images.zip", "w", zipfile.ZIP_DEFLATED) as z:
    for name in sorted(entries):
        info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        info.compress_type = zipfile.ZIP_DEFLATED
        z.writestr(info, entries[name])
print(len(entries), "entries")
