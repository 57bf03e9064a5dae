"""How to reach the orchestrator: the same file that the `crossdock` command reads."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

SCHEMA = "crossdock/cli/v1"
_NAMES = ("server", "ca", "cert", "key", "token_file")


@dataclass(frozen=True)
class Settings:
    """Names of files, never secrets. Either a token, or a certificate with its key."""

    server: str  # "host:port"; the host is a name of the server's certificate
    ca: Path
    token_file: Optional[Path] = None
    cert: Optional[Path] = None
    key: Optional[Path] = None

    @staticmethod
    def read(path: Union[str, Path, None] = None) -> "Settings":
        """`path`, or what CROSSDOCK_CONFIG names, or ~/.config/crossdock/cli.yaml. ValueError says what is wrong, with the line."""
        path = Path(path or os.environ.get("CROSSDOCK_CONFIG") or Path.home() / ".config" / "crossdock" / "cli.yaml")
        values = {}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            line = line.split(" #")[0].strip()
            if not line or line.startswith("#"):
                continue
            name, separator, value = line.partition(":")
            if not separator or name not in (*_NAMES, "schema"):
                raise ValueError(f"{path}:{number}: expected one of schema, {', '.join(_NAMES)}, each as 'name: value'")
            values[name] = value.strip().strip("\"'")
        if values.pop("schema", None) != SCHEMA:
            raise ValueError(f"{path}: expected 'schema: {SCHEMA}'")
        if "server" not in values or "ca" not in values:
            raise ValueError(f"{path}: expected both 'server:' and 'ca:'")
        files = {name: path.parent / value for name, value in values.items() if name != "server"}
        return Settings(server=values["server"], **files)

    def token(self) -> Optional[str]:
        """The token's secret; PermissionError when others may read its file."""
        if self.token_file is None:
            return None
        if stat.S_IMODE(os.stat(self.token_file).st_mode) & 0o077:
            raise PermissionError(f"token file {self.token_file} may be read by others: chmod 600 {self.token_file}")
        return Path(self.token_file).read_text(encoding="ascii").strip()
