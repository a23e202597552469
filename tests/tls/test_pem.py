"""Certificates that are not as they should be, and are in use all the same."""

import ssl
import subprocess
import sys
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from cryptography.hazmat.primitives.serialization import Encoding
from twisted.trial.unittest import SynchronousTestCase

from tests.authority import Authority

READ = """
import sys
from pathlib import Path
from mailfilter.tls.pem import certificates
print([item.serial_number < 0 for item in certificates(Path(sys.argv[1]).read_bytes(), 1)])
"""


class OddTests(SynchronousTestCase):
    def test_serial_number(self) -> None:
        """One that is not positive, as in roots of the system: nothing is printed of it."""
        folder = Path(mkdtemp())
        self.addCleanup(rmtree, folder)
        root = Authority(folder, "root").certificate
        number = root.serial_number.to_bytes(root.serial_number.bit_length() // 8 + 1)
        data = root.public_bytes(Encoding.DER)
        self.assertEqual(data.count(number), 1)
        odd = data.replace(number, bytes([number[0] | 0x80]) + number[1:])
        (folder / "odd.pem").write_text(ssl.DER_cert_to_PEM_cert(odd))
        command = [sys.executable, "-c", READ, str(folder / "odd.pem")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        self.assertEqual((done.stdout, done.stderr), ("[True]\n", ""))
