"""The methods that are compared, each a command that paints one picture.

A method's emphasis is how many times its standard style weight it is given, against its content
weight: 1 is the method as it comes.
"""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

here = pathlib.Path(__file__).resolve().parent


class Missing(Exception):
    """Why a method cannot run."""


def quiet(command, **more):
    return subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **more)


def digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


class Method:
    """settings(emphasis) and files(pair, output) are the two halves of a command: what decides on
    the picture, and where things lie on this machine."""
    environment = {}
    version = ''  # what, besides settings and pictures, decides on the result

    def __init__(self, name, options):
        self.name, self.options = name, options


class Impasto(Method):
    def __init__(self, name, options):
        super().__init__(name, options)
        self.version = digest(options.tool)
        self.weights = 'built-in' if name == 'built-in' else str(options.vgg19 or 'vgg19')
        found = re.search(r'--style-weight X\s[^[]*\[([^\]]+)\]',
                          quiet([options.tool, 'stylize', '--help']).stdout)
        if not found:
            raise Missing(f'{options.tool}: stylize --help names no default of --style-weight')
        self.style_weight = float(found[1])
        check = quiet([options.tool, 'info', self.weights])
        if check.returncode != 0:
            raise Missing(check.stderr.strip())

    def settings(self, emphasis):
        return ['--style-weight', f'{self.style_weight * emphasis:g}', '--size', self.options.size,
                '--iterations', self.options.iterations]

    def files(self, pair, output):
        return [self.options.tool, 'stylize', pair.photo, pair.painting, '-o', output, '--quiet',
                '--weights', self.weights, '--threads', self.options.threads]


class Pastiche(Method):
    def __init__(self, name, options):
        super().__init__(name, options)
        self.environment = {}
        if options.pastiche:
            self.environment['PYTHONPATH'] = str(pathlib.Path(options.pastiche).resolve())
        found = quiet([options.python, '-m', 'pastiche', '--version'],
                      env={**os.environ, **self.environment})
        if found.returncode != 0:
            reason = (found.stderr.strip().splitlines() or ['does not start'])[-1]
            raise Missing(f'{reason}; pip install pastiche, or give its folder by --pastiche')
        self.version = found.stdout.strip()

    def settings(self, emphasis):
        return ['--size', self.options.size, '--style-size', self.options.size,
                '--num-steps', self.options.iterations, '--content-weight', f'{1 / emphasis:g}',
                '--seed', 1]

    def files(self, pair, output):
        return [self.options.python, '-m', 'pastiche', '--device', 'cpu',
                '--content', pair.photo, '--styles', pair.painting, '--output', output]


class NeuralStyle(Method):
    style_weight = 100

    def __init__(self, name, options):
        super().__init__(name, options)
        found = quiet([options.python, '-c', 'import numpy, torch, PIL'])
        if found.returncode != 0:
            raise Missing(f'{found.stderr.strip().splitlines()[-1]}; apt install python3-torch')
        if options.vgg19 is None:
            raise Missing("wants Oxford's VGG-19 as safetensors; give it by --vgg19")
        if not pathlib.Path(options.vgg19).exists():
            raise Missing(f'{options.vgg19}: is not there')

    def settings(self, emphasis):
        return ['--style-weight', f'{self.style_weight * emphasis:g}',
                '--iterations', self.options.iterations]

    def files(self, pair, output):
        return [self.options.python, here / 'neural_style.py', pair.photo, pair.painting,
                '-o', output, '--vgg19', self.options.vgg19, '--threads', self.options.threads]


known = {'built-in': Impasto, 'vgg19': Impasto, 'pastiche': Pastiche, 'neural-style': NeuralStyle}


def available(options):
    """The methods that can run; what is missing of the others is said once."""
    found = []
    for name in options.methods:
        try:
            found.append(known[name](name, options))
        except Missing as reason:
            print(f'quality: without {name}: {reason}', file=sys.stderr)
    return found


def run(method, pair, emphasis, output):
    """Paints the picture and returns the seconds that the whole program took."""
    threads = str(method.options.threads)
    environment = {**os.environ, **method.environment,
                   'OMP_NUM_THREADS': threads, 'MKL_NUM_THREADS': threads}
    command = method.files(pair, output) + method.settings(emphasis)
    begin = time.monotonic()
    done = quiet(command, env=environment)
    seconds = time.monotonic() - begin
    if done.returncode != 0 or not output.exists():
        last = (done.stderr.strip().splitlines() or ['no message'])[-1]
        raise SystemExit(f'quality: {method.name} on {pair.name}: exit {done.returncode}: {last}')
    return seconds


def picture_file(method, pair, emphasis):
    options = method.options
    folder = options.out / f'{options.size}px-{options.iterations}' / pair.name
    return folder / f'{method.name}-{emphasis:g}.png'


def stamp(method, pair, emphasis):
    """What makes a picture the one that a run would paint again."""
    return {'settings': [str(word) for word in method.settings(emphasis)],
            'version': method.version,
            'pictures': [digest(pair.photo), digest(pair.painting)]}


def present(method, pair, emphasis):
    """The picture of a method, or None where a run would paint another."""
    picture = picture_file(method, pair, emphasis)
    note = picture.with_suffix('.json')
    if not picture.exists() or not note.exists():
        return None
    known = json.loads(note.read_text())
    del known['seconds']
    return picture if known == stamp(method, pair, emphasis) else None


def paint(method, pair, emphasis):
    """The picture of a method; painted unless it is there. An interrupted run leaves none."""
    picture = picture_file(method, pair, emphasis)
    if present(method, pair, emphasis):
        return picture
    note = picture.with_suffix('.json')
    picture.parent.mkdir(parents=True, exist_ok=True)
    note.unlink(missing_ok=True)
    temporary = picture.with_suffix('.part.png')
    temporary.unlink(missing_ok=True)
    seconds = run(method, pair, emphasis, temporary)
    temporary.rename(picture)
    note.write_text(json.dumps({**stamp(method, pair, emphasis), 'seconds': seconds}, indent=1))
    print(f'{pair.name}  {method.name}  style weight x {emphasis:g}  {seconds:.1f} s', flush=True)
    return picture
