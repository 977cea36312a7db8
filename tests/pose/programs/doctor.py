"""Runs the doctor and stops at any import of what is only to be looked for: SITE ROOT SITE_PACKAGES PACKAGE..."""

import runpy
import sys

site, root, site_packages, *packages = sys.argv[1:]


class Refuse:
    def find_spec(self, name, path=None, target=None):
        assert name.partition(".")[0] not in packages, name


sys.meta_path.insert(0, Refuse())
sys.prefix = site
sys.path[:] = [site, root, *[entry for entry in sys.path if "site-packages" not in entry], site_packages]
runpy.run_module("pose.doctor", run_name="__main__")
