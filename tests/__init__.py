"""The tests of the warehouse. Assertions in the code that they share are explained as those of tests are."""

import pytest

pytest.register_assert_rewrite("tests.support")
