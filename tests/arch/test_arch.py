#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Planted faults: each rule of arch.py must find its own, and a clean tree must pass."""
import os
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import arch  # noqa: E402

SPDX = "/* SPDX-License-Identifier: BSD-2-Clause */\n"


class Planted(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.write("tests/arch/doors.txt", "curl/ proxy/origin_side.c\n")
        self.write("lib/oscore/a.c", SPDX + "#include <string.h>\nint\nf(int a)\n{\n\treturn a;\n}\n")
        self.write("lib/oscore/CMakeLists.txt", "sl_room(oscore SOURCES a.c SHOWS coap USES cose)\n")

    def tearDown(self):
        shutil.rmtree(self.root)

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)

    def finds(self, check, path, text, *words):
        self.write(path, text)
        found = getattr(arch, "check_" + check)(self.root, None)
        self.assertEqual(1, len(found), found)
        for word in words:
            self.assertIn(word, found[0])

    def test_a_clean_tree_passes(self):
        for check in ("budgets", "arrows", "doors", "words"):
            self.assertEqual([], getattr(arch, "check_" + check)(self.root, None))

    def test_long_function(self):
        body = "\ta++;\n" * 60
        self.finds("budgets", "proxy/b.c", SPDX + "int\ng(int a)\n{\n" + body + "}\n", "g has 63 lines")

    def test_function_at_the_limit(self):
        self.write("proxy/b.c", SPDX + "int\ng(int a)\n{\n" + "\ta++;\n" * 57 + "}\n")
        self.assertEqual([], arch.check_budgets(self.root, None))

    def test_long_file(self):
        self.finds("budgets", "proxy/b.c", SPDX + "\n" * 500, "501 lines")

    def test_long_test_file(self):
        self.finds("budgets", "tests/unit/proxy/test_b.c", SPDX + "\n" * 500, "501 lines")

    def test_long_main(self):
        self.finds("budgets", "proxy/main.c", SPDX + "\n" * 150, "151 lines")

    def test_many_parameters(self):
        self.finds("budgets", "proxy/b.c",
                   SPDX + "int\ng(int a, int b, int c, int d,\n\tint e, int (*f)(int, int))\n{\n}\n",
                   "takes 6 parameters")

    def test_many_parameters_in_a_prototype(self):
        self.finds("budgets", "proxy/b.h", SPDX + "int g(int a, int b, int c, int d, int e, int f);\n",
                   "takes 6 parameters")

    def test_a_callback_that_a_library_dictates(self):
        self.write("tests/arch/foreign_signatures.txt", "proxy/b.c g some library\n")
        self.write("proxy/b.c", SPDX + "int\ng(int a, int b, int c, int d, int e, int f)\n{\n}\n")
        self.assertEqual([], arch.check_budgets(self.root, None))

    def test_deep_nesting(self):
        self.finds("budgets", "proxy/b.c",
                   SPDX + "int\ng(int a)\n{\n\tif (a)\n\t\tfor (;;)\n\t\t\twhile (a) {\n\t\t\t\tif (a)\n"
                   "\t\t\t\t\ta = 1;\n\t\t\t}\n}\n", "nests 4 deep")

    def test_else_if_chains_are_not_nesting(self):
        chain = "\tif (a)\n\t\ta = 1;\n" + "\telse if (a)\n\t\ta = 2;\n" * 6
        self.write("proxy/b.c", SPDX + "int\ng(int a)\n{\n" + chain + "}\n")
        self.assertEqual([], arch.check_budgets(self.root, None))

    def test_big_room(self):
        for i in range(9):
            self.write(f"lib/cbor/f{i}.c", SPDX)
        found = arch.check_budgets(self.root, None)
        self.assertEqual(1, len(found))
        self.assertIn("9 files", found[0])

    def test_forbidden_arrow(self):
        self.finds("arrows", "proxy/CMakeLists.txt", "sl_program(proxy MAIN main.c USES coap oscore)\n",
                   "proxy may not use oscore")

    def test_arrow_round_the_function(self):
        self.finds("arrows", "proxy/CMakeLists.txt", "target_link_libraries(x PRIVATE sl_oscore)\n",
                   "sl_program only")

    def test_forbidden_arrow_of_a_library(self):
        self.finds("arrows", "device/CMakeLists.txt", "sl_library(device SOURCES a.c USES coap mappings\n  DOORS b)\n",
                   "device may not use mappings")

    def test_include_by_parent(self):
        self.finds("arrows", "proxy/b.c", SPDX + '#include "../lib/oscore/a.h"\n', "../")

    def test_foreign_header_elsewhere(self):
        self.finds("doors", "proxy/b.c", SPDX + "#include <curl/curl.h>\n", "origin_side.c")

    def test_system_header_in_a_pure_room(self):
        self.finds("doors", "lib/oscore/b.c", SPDX + "#include <time.h>\n", "<time.h>")

    def test_banned_function(self):
        self.finds("words", "proxy/b.c", SPDX + "void\ng(char *a)\n{\n\tsprintf(a, a);\n}\n", "sprintf")

    def test_heap_in_a_pure_room(self):
        self.finds("words", "lib/oscore/b.c", SPDX + "void\ng(void)\n{\n\tmalloc(1);\n}\n", "malloc")

    def test_names_in_comments_are_no_calls(self):
        self.write("proxy/b.c", SPDX + "/* sprintf( */\n")
        self.assertEqual([], arch.check_words(self.root, None))

    def test_marker(self):
        self.finds("words", "proxy/b.c", SPDX + "/* " + "TO" + "DO: later */\n", "main branch")

    def test_missing_licence(self):
        self.finds("words", "proxy/b.c", "int a;\n", "SPDX")

    def test_direction(self):
        self.finds("words", "proxy/b.c", SPDX + "int up" + "stream;\n", "origin side")


if __name__ == "__main__":
    unittest.main()
