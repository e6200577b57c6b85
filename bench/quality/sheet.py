"""A contact sheet: a row a pair; photo, painting, and what each method made of them."""
from PIL import Image, ImageDraw, ImageFont

cell, gap, caption = 240, 8, 22
paper, ink = 'white', 'black'


def font():
    try:
        return ImageFont.truetype('DejaVuSans.ttf', 13)
    except OSError:
        return ImageFont.load_default()


def fitted(file):
    picture = Image.open(file).convert('RGB')
    scale = cell / max(picture.size)
    return picture.resize([max(1, round(side * scale)) for side in picture.size], Image.LANCZOS)


def save(rows, file):
    """rows: lists of (caption, picture's file), all of the same length."""
    letters = font()
    table = [[(words, fitted(picture)) for words, picture in row] for row in rows]
    heights = [max(picture.height for _, picture in row) + caption + gap for row in table]
    sheet = Image.new('RGB', (gap + len(table[0]) * (cell + gap), gap + sum(heights)), paper)
    draw = ImageDraw.Draw(sheet)
    y = gap
    for row, height in zip(table, heights):
        for column, (words, picture) in enumerate(row):
            x = gap + column * (cell + gap)
            sheet.paste(picture, (x + (cell - picture.width) // 2, y))
            draw.text((x, y + height - gap - caption + 4), words, fill=ink, font=letters)
        y += height
    temporary = file.with_suffix('.part')
    sheet.save(temporary, 'jpeg', quality=88, optimize=True)
    temporary.rename(file)
