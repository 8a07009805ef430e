# SPDX-License-Identifier: Apache-2.0
"""check_layers.py finds what it is there to find."""
import check_layers

LAYERS = "base:\nengine/core: base\nengine: base engine/core\nos: base\n"


def tree(root, files, layers=LAYERS):
    for name, text in {"LAYERS": layers, **files}.items():
        path = root / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return check_layers.check(str(root))


def test_what_is_allowed(tmp_path):
    assert tree(tmp_path, {"base/a.h": "", "engine/core/b.h": '#include "base/a.h"\n',
                           "engine/c.c": '#include "engine/core/b.h"\n#include <stdio.h>\n'}) == []


def test_layer_above(tmp_path):
    errors = tree(tmp_path, {"engine/c.h": "", "base/a.c": '#include "engine/c.h"\n'})
    assert len(errors) == 1 and "base may not include" in errors[0]


def test_sibling(tmp_path):
    assert tree(tmp_path, {"os/fd.h": "", "engine/core/b.c": '#include "os/fd.h"\n'})


def test_deepest_folder_counts(tmp_path):
    # engine/core may not include engine, although it lies inside of it.
    assert tree(tmp_path, {"engine/c.h": "", "engine/core/b.c": '#include "engine/c.h"\n'})


def test_not_a_path_from_src(tmp_path):
    assert tree(tmp_path, {"base/a.h": "", "base/b.c": '#include "a.h"\n'})
    assert tree(tmp_path, {"base/b.c": '#include "../base/a.h"\n'})


def test_unknown_folder(tmp_path):
    assert tree(tmp_path, {"base/a.h": "", "new/n.c": '#include "base/a.h"\n'})


def test_forward_reference(tmp_path):
    assert tree(tmp_path, {"base/a.h": ""}, "base: os\nos:\n")


def test_main_and_tests_are_free(tmp_path):
    assert tree(tmp_path, {"os/fd.h": "", "base/a_test.c": '#include "os/fd.h"\n'}) == []
