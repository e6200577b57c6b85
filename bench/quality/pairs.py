"""The photos and paintings of the comparison, all brought to one size by one filter, so that every
method and every judge starts from the same pixels."""
import pathlib

from PIL import Image

root = pathlib.Path(__file__).resolve().parent.parent.parent
shared = root.parent / 'shared/images'
network = root.parent / 'shared/weights/vgg19-8bit.safetensors'
own = root / 'examples/images'


def standard():
    """Photos and paintings: the published ones where they are, else the project's own samples."""
    photos = [shared / f'{name}.jpg' for name in ('tubingen', 'golden_gate', 'hoovertowernight')]
    paintings = [shared / f'{name}.jpg'
                 for name in ('starry_night_google', 'the_scream', 'shipwreck')]
    if not all(file.exists() for file in photos + paintings):
        return [own / 'harbor.jpg'], [own / 'swirls.jpg', own / 'ember.jpg']
    return photos + [own / 'harbor.jpg'], paintings


def published_vgg19():
    return network if network.exists() else None


def resized(file, size, folder):
    """FOLDER/NAME.png, with a longest side of `size` pixels; made once."""
    target = folder / f'{file.stem}.png'
    if not target.exists():
        try:
            picture = Image.open(file).convert('RGB')
        except OSError as problem:
            raise SystemExit(f'quality: {file}: {problem.strerror or "is not a picture"}')
        scale = size / max(picture.size)
        sides = [max(1, round(side * scale)) for side in picture.size]
        folder.mkdir(parents=True, exist_ok=True)
        temporary = target.with_suffix('.part')
        picture.resize(sides, Image.LANCZOS).save(temporary, 'png')
        temporary.rename(target)
    return target


class Pair:
    def __init__(self, photo, painting, size, folder):
        self.photo_file, self.painting_file = photo, painting
        self.photo = resized(photo, size, folder)
        self.painting = resized(painting, size, folder)
        self.name = f'{photo.stem}-{painting.stem}'

    @property
    def publishable(self):
        """Whether the photo is the project's own."""
        return self.photo_file.resolve().parent == own


def pairs(options):
    photos, paintings = standard()
    photos = [pathlib.Path(file) for file in options.photos or photos]
    paintings = [pathlib.Path(file) for file in options.paintings or paintings]
    for files in (photos, paintings):
        names = [file.stem for file in files]
        for name in names:
            if names.count(name) > 1:
                raise SystemExit(f'quality: two pictures are named {name}; rename one of them')
    folder = options.out / 'inputs' / str(options.size)
    return [Pair(photo, painting, options.size, folder)
            for photo in photos for painting in paintings]
