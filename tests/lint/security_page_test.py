"""docs/security.md names the test that shows each claim: each of them is there, under that name."""

import re
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
# `unit/x/y_test.cc`: "a sentence…", "another": the sentences belong to the file before them.
CITED = re.compile(r'`([\w/]+_test\.(?:cc|py))`((?:[:,;]? "[^"]+",?)*)')


def citations(page):
    """[(file, sentence or "")] of the page's prose, without its fenced blocks."""
    prose = " ".join(re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL).split())
    found = []
    for cited in CITED.finditer(prose):
        found += [(cited[1], sentence.rstrip("…")) for sentence in re.findall(r'"([^"]+)"', cited[2])] or [(cited[1], "")]
    return found


def missing(file, sentence):
    """What is wrong with one citation, or None."""
    paths = [path for path in (SOURCE / "tests").rglob("*_test.*") if str(path).endswith(f"/{file}")]
    if len(paths) != 1:
        return f"{file}: there are {len(paths)} such files"
    text = paths[0].read_text(encoding="utf-8")
    # Python's are methods; where one builds on another they are numbered.
    if sentence not in text and not re.search(rf"def test_(\d_)?{re.escape(sentence.replace(' ', '_'))}", text):
        return f'{file}: no test "{sentence}"'
    return None


class SecurityPageTest(unittest.TestCase):
    def test_every_test_that_the_page_names_is_there(self):
        cited = citations((SOURCE / "docs" / "security.md").read_text(encoding="utf-8"))
        self.assertGreater(len([sentence for _, sentence in cited if sentence]), 20)
        self.assertEqual([wrong for wrong in (missing(*each) for each in cited) if wrong], [])

    def test_a_test_that_is_not_there_is_found(self):
        self.assertEqual(citations('so (`unit/x/a_test.cc`: "one\nthing…", "two"; `b_test.py`)'),
                         [("unit/x/a_test.cc", "one thing"), ("unit/x/a_test.cc", "two"), ("b_test.py", "")])
        self.assertIn("0 such files", missing("unit/rpc/nothing_test.cc", ""))
        self.assertIn("no test", missing("unit/rpc/gate_test.cc", "pigs fly"))


if __name__ == "__main__":
    unittest.main()
