"""Make the corpus: small files of every kind, and what independent readers say is in them.

Run here with numpy 2.4.6, Pillow 13.0.0, tifffile 2026.3.3 and imagecodecs 2026.3.6. Each file has
an entry in expected.json: the shape, the first 48 values and sum(value * (1 + index % 97)) of
what the independent reader returns. All pictures are made by this script; they are in the public
domain.
"""

import io
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageOps

HERE = Path(__file__).parent
FILES = HERE / "files"
EXPECTED = {}
random = np.random.default_rng(14)
H, W = 9, 13


def expect(name, array, **options):
    """Record what a reader other than ours has read; `options` are ours."""
    array = np.asarray(array)
    values = array.astype(np.float64).ravel()
    weights = 1 + np.arange(values.size) % 97
    EXPECTED[name + "".join(f" {k}={v}" for k, v in options.items())] = {
        "file": name,
        "options": [part for k, v in options.items() for part in ([f"--{k.replace('_', '-')}"] if v is True else [f"--{k.replace('_', '-')}", str(v)])],
        "shape": list(array.shape),
        "first": values[:48].tolist(),
        "sum": float(np.sum(values * weights)),
    }


def smooth(channels, top=255, dtype=np.uint8):
    """Make a picture with gradients and a little noise."""
    y, x, c = np.meshgrid(np.arange(H), np.arange(W), np.arange(channels), indexing="ij")
    picture = (x * 17 + y * 23 + c * 40 + random.integers(0, 9, (H, W, channels))) % 256
    picture = (picture * (top / 255)).astype(dtype)
    return picture[:, :, 0] if channels == 1 else picture


def pillow(name, image=None, convert=None, save_as=None, **options):
    """Save by Pillow, read by Pillow."""
    path = FILES / name
    if image is not None:
        image.save(path, **options)
    read = Image.open(path)
    expect(name, np.asarray(read.convert(convert) if convert else read))


def tiff(name, array, expected=None, **options):
    """Save by tifffile, read by tifffile unless the expected values are given."""
    tifffile.imwrite(FILES / name, array, metadata=None, **options)
    expect(name, tifffile.imread(FILES / name) if expected is None else expected)


def pictures():
    gray, rgb, rgba = (Image.fromarray(smooth(n)) for n in (1, 3, 4))
    la = Image.fromarray(smooth(2), "LA")
    deep = Image.fromarray(smooth(1, 65535, np.uint16))
    bits = Image.fromarray(smooth(1)).convert("1")
    palette = rgb.quantize(7)
    for name, image in {"gray": gray, "rgb": rgb, "rgba": rgba, "la": la, "deep": deep}.items():
        pillow(f"{name}.png", image)
    pillow("bits.png", bits, "L")
    pillow("palette.png", palette, "RGB")
    pillow("palette_alpha.png", palette, "RGBA", transparency=bytes([0, 99, 255, 255, 255, 255, 255]))
    for quality, name, more in [(90, "baseline", {}), (70, "progressive", {"progressive": True}), (80, "restart", {"restart_marker_blocks": 1})]:
        big = rgb.resize((40, 33), Image.Resampling.BICUBIC)
        big.save(FILES / f"{name}.jpg", quality=quality, subsampling=0, **more)
        expect(f"{name}.jpg", np.asarray(Image.open(FILES / f"{name}.jpg")))
    gray.resize((40, 33)).save(FILES / "gray.jpg")
    expect("gray.jpg", np.asarray(Image.open(FILES / "gray.jpg")))
    for name, image in {"rgb": rgb, "rgba": rgba}.items():
        pillow(f"{name}.webp", image, "RGBA" if name == "rgba" else "RGB", lossless=True, exact=True)
    # A palette of grays, which Pillow turns into gray and we into colours like any palette.
    pillow("gray.bmp", gray, "RGB")
    pillow("rgb.bmp", rgb)
    pillow("palette.bmp", palette, "RGB")
    pillow("gray.pgm", gray)
    pillow("rgb.ppm", rgb)
    pillow("bits.pbm", bits, "L")
    (FILES / "ascii.pgm").write_bytes(b"P2\n# a comment\n3 2\n255\n0 10 20\n30 40 255\n")
    pillow("ascii.pgm")
    (FILES / "deep.pgm").write_bytes(b"P5 3 2 65535\n" + struct.pack(">6H", 0, 1, 256, 40000, 65534, 65535))
    pillow("deep.pgm")
    pillow("still.gif", palette, "RGB")
    # Frames, and one with a transparent background.
    frames = [Image.fromarray(smooth(3)).quantize(16) for _ in range(3)]
    frames[0].save(FILES / "frames.gif", save_all=True, append_images=frames[1:], disposal=1)
    read = Image.open(FILES / "frames.gif")
    stack = []
    for index in range(read.n_frames):
        read.seek(index)
        stack.append(np.asarray(read.convert("RGB")))
    expect("frames.gif", np.stack(stack))
    expect("frames.gif", stack[1], page=2)
    palette.save(FILES / "transparent.gif", transparency=3)
    seen = np.array(Image.open(FILES / "transparent.gif").convert("RGBA"))
    # What is transparent has no colour.
    seen[seen[:, :, 3] == 0] = 0
    expect("transparent.gif", seen)
    rgb.save(FILES / "frames.webp", save_all=True, append_images=[rgb.rotate(180)], lossless=True)
    read = Image.open(FILES / "frames.webp")
    stack = []
    for index in range(read.n_frames):
        read.seek(index)
        stack.append(np.asarray(read.convert("RGB")))
    expect("frames.webp", np.stack(stack))
    # Channels.
    for file, image in {"rgb.png": rgb, "gray.png": gray, "la.png": la, "rgba.png": rgba}.items():
        plain = image.convert("L") if image.mode == "LA" else image
        expect(file, np.asarray(plain.convert("RGB")), channels="rgb")
        expect(file, np.asarray(plain.convert("RGB").convert("L")), channels="gray")
        expect(file, np.asarray(image.convert("RGBA")), channels="keep-alpha")
    # Orientation, which Pillow's ImageOps applies.
    for orientation in range(2, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        for ending, more in [("jpg", {"quality": 95}), ("png", {}), ("webp", {"lossless": True})]:
            name = f"orientation{orientation}.{ending}"
            image = gray if ending == "jpg" else rgb
            image.save(FILES / name, exif=exif, **more)
            read = Image.open(FILES / name)
            expect(name, np.asarray(ImageOps.exif_transpose(read)))
            expect(name, np.asarray(read), no_rotate=True)


def tiffs():
    for dtype in ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]:
        numbers = np.dtype(dtype)
        if numbers.kind == "f":
            array = (random.standard_normal((H, W)) * 100).astype(dtype)
        else:
            info = np.iinfo(numbers)
            low, high = max(info.min, -(2**52)), min(info.max, 2**52)
            array = random.integers(low, high, (H, W), dtype=dtype, endpoint=True)
        tiff(f"{dtype}.tif", array, photometric="minisblack")
        tiff(f"{dtype}_big_endian.tif", array, byteorder=">", photometric="minisblack")
        if dtype in ("u1", "u2", "u4", "i2", "f2", "f4", "f8"):
            for compression, predictor in [("lzw", True), ("zlib", True), ("zstd", True), ("packbits", False)]:
                tiff(f"{dtype}_{compression}.tif", array, compression=compression, predictor=predictor, byteorder=random.choice(["<", ">"]), photometric="minisblack")
    rgb16 = smooth(3, 65535, np.uint16)
    wide = random.integers(0, 2**32, (H, W, 4), dtype=np.uint32)
    tiff("rgb_u4.tif", np.ascontiguousarray(wide[:, :, :3]), photometric="rgb")
    tiff("rgba_u4.tif", wide, photometric="rgb", extrasamples=["unassalpha"])
    tiff("rgb_u2.tif", rgb16, photometric="rgb")
    tiff("rgb_f4.tif", random.random((H, W, 3), dtype=np.float32), photometric="rgb", compression="zlib", predictor=True)
    tiff("la.tif", smooth(2), photometric="minisblack", extrasamples=["unassalpha"])
    tiff("five.tif", smooth(5), photometric="minisblack", planarconfig="contig")
    tiff("seven_u2.tif", smooth(7, 65535, np.uint16), photometric="minisblack", planarconfig="contig", compression="lzw", predictor=True)
    planar = np.ascontiguousarray(np.moveaxis(smooth(3), 2, 0))
    tiff("planar.tif", planar, np.moveaxis(planar, 0, 2), photometric="rgb", planarconfig="separate", rowsperstrip=4)
    large = np.ascontiguousarray(np.kron(planar, np.ones((1, 4, 4), np.uint8)))
    tiff("planar_tiled.tif", large, np.moveaxis(large, 0, 2), photometric="rgb", planarconfig="separate", tile=(16, 32), compression="zlib")
    tiff("tiled.tif", np.moveaxis(large, 0, 2).copy(), photometric="rgb", tile=(16, 16), compression="lzw", predictor=True)
    tiff("big.tif", smooth(3), bigtiff=True, photometric="rgb", rowsperstrip=2)
    tiff("big_big_endian.tif", rgb16, bigtiff=True, byteorder=">", photometric="rgb", compression="zstd")
    white = smooth(1)
    tiff("white_is_zero.tif", white, 255 - white, photometric="miniswhite")
    colours = random.integers(0, 256, (3, 256)).astype(np.uint16) * 257
    indices = smooth(1)
    tiff("palette.tif", indices, np.moveaxis((colours >> 8)[:, indices], 0, 2), photometric="palette", colormap=colours)
    pages = random.integers(0, 2**16, (3, H, W), dtype=np.uint16)
    tiff("pages.tif", pages, photometric="minisblack")
    expect("pages.tif", pages[1], page=2)
    with tifffile.TiffWriter(FILES / "thumbnail.tif") as writer:
        writer.write(rgb16, photometric="rgb", metadata=None)
        writer.write(rgb16[::2, ::2], photometric="rgb", subfiletype=1, metadata=None)
    expect("thumbnail.tif", rgb16)
    for orientation in range(2, 9):
        name = f"orientation{orientation}.tif"
        array = smooth(1)
        tifffile.imwrite(FILES / name, array, extratags=[(274, 3, 1, orientation, True)], metadata=None, photometric="minisblack")
        expect(name, array, no_rotate=True)
        exif = Image.Exif()
        exif[0x0112] = orientation
        image = Image.fromarray(array)
        image.getexif()[0x0112] = orientation
        expect(name, np.asarray(ImageOps.exif_transpose(image)))
    for bits in (1, 2, 4, 10, 12, 14):
        array = random.integers(0, 2**bits, (H, W), dtype=np.uint16)
        scale = 255 // (2**bits - 1) if bits < 8 else 1
        write_packed(f"bits{bits}.tif", array, bits)
        write_packed(f"bits{bits}_fill_order.tif", array, bits, fill_order=2)
        # tifffile, through imagecodecs, unpacks them.
        for name in (f"bits{bits}.tif", f"bits{bits}_fill_order.tif"):
            expect(name, tifffile.imread(FILES / name).astype(np.uint16) * scale)
    signed = random.integers(-2048, 2048, (H, W))
    write_packed("bits12_signed.tif", signed & 0xFFF, 12, sample_format=2)
    expect("bits12_signed.tif", signed)
    rgb = Image.fromarray(np.kron(smooth(3), np.ones((3, 3, 1), np.uint8)))
    rgb.save(FILES / "jpeg.tif", compression="jpeg", quality=90)
    expect("jpeg.tif", np.asarray(Image.open(FILES / "jpeg.tif")))
    bits = Image.fromarray(smooth(1)).convert("1")
    bits.save(FILES / "group4.tif", compression="group4")
    expect("group4.tif", np.asarray(Image.open(FILES / "group4.tif").convert("L")))


def write_packed(name, array, bits, fill_order=1, sample_format=1):
    """Write a TIFF of packed bits by hand."""
    height, width = array.shape
    rows = []
    for row in array:
        text = "".join(f"{value:0{bits}b}" for value in row)
        text += "0" * (-len(text) % 8)
        rows.append(int(text, 2).to_bytes(len(text) // 8, "big"))
    data = b"".join(rows)
    if fill_order == 2:
        data = bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)
    tags = [(256, width), (257, height), (258, bits), (259, 1), (262, 1), (266, fill_order), (273, 8), (277, 1), (278, height), (279, len(data)), (339, sample_format)]
    data += b"\0" * (len(data) % 2)
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4 if tag in (273, 279) else 3, 1, value) for tag, value in tags) + b"\0\0\0\0"
    (FILES / name).write_bytes(b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory)


def arrays():
    for dtype in ["|b1", "|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", "<f4", "<f8", ">u2", ">i2", ">u4", ">i4", ">u8", ">i8", ">f2", ">f4", ">f8"]:
        numbers = np.dtype(dtype)
        if numbers.kind == "b":
            array = random.random((4, 3)) < 0.5
        elif numbers.kind == "f":
            array = (random.standard_normal((4, 3)) * 100).astype(dtype)
        else:
            info = np.iinfo(numbers)
            low, high = max(info.min, -(2**52)), min(info.max, 2**52)
            array = random.integers(low, high, (4, 3), endpoint=True).astype(dtype)
        name = f"{'big_endian' if dtype[0] == '>' else 'little'}_{dtype[1:]}.npy"
        np.save(FILES / name, array)
        expect(name, np.load(FILES / name))
    array = random.standard_normal((2, 3, 4))
    np.save(FILES / "fortran.npy", np.asfortranarray(array))
    expect("fortran.npy", np.load(FILES / "fortran.npy"))
    np.save(FILES / "scalar.npy", np.float64(2.5))
    expect("scalar.npy", np.load(FILES / "scalar.npy"))
    np.save(FILES / "none.npy", np.zeros((0, 3)))
    expect("none.npy", np.load(FILES / "none.npy"))
    for version in (1, 2, 3):
        with open(FILES / f"version{version}.npy", "wb") as file:
            np.lib.format.write_array(file, array, version=(version, 0))
        expect(f"version{version}.npy", np.load(FILES / f"version{version}.npy"))
    text = b"{'descr': '<i4', 'fortran_order': False, 'shape': (2L, 3L), }"
    text += b" " * (117 - len(text)) + b"\n"
    (FILES / "python2.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + np.arange(6, dtype="<i4").tobytes())
    expect("python2.npy", np.load(FILES / "python2.npy", encoding="latin1"))
    for name, save in {"stored": np.savez, "deflated": np.savez_compressed}.items():
        save(FILES / f"{name}.npz", x=array)
        expect(f"{name}.npz", np.load(FILES / f"{name}.npz")["x"])
    np.savez(FILES / "two.npz", first=np.arange(3.0), second=np.arange(4, dtype=np.int32))


FILES.mkdir(exist_ok=True)
for old in FILES.iterdir():
    old.unlink()
pictures()
tiffs()
arrays()
(HERE / "expected.json").write_text(json.dumps(EXPECTED, indent=0) + "\n")
print(len(list(FILES.iterdir())), "files,", len(EXPECTED), "readings")
