"""Pictures and products to work on."""

from __future__ import annotations

import csv
from pathlib import Path

from PIL import Image, ImageOps

PHOTO_SIZE = (1600, 1200)


def make_photos(directory: Path, count: int) -> list[Path]:
    """So many JPEG pictures of `PHOTO_SIZE`, each with a colour of its own."""
    directory.mkdir(parents=True, exist_ok=True)
    light = Image.radial_gradient("L").resize(PHOTO_SIZE)
    photos = []
    for number in range(count):
        photos.append(directory / f"photo-{number:02}.jpg")
        ImageOps.colorize(light, black="white", white=f"hsl({360 * number // count}, 80%, 40%)").save(photos[-1])
    return photos


def make_products(path: Path, count: int) -> Path:
    """A CSV file with so many products."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["sku", "name", "price"])
        writer.writerows([f"SKU-{n:05}", f"Product {n}", f"{n % 90 + 9}.95"] for n in range(count))
    return path
