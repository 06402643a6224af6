"""The description of the API, read by programs that know nothing of MAAS: PyYAML, and a validator of OpenAPI.

usage: openapi.py URL
"""

import sys

import requests
import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator


def main(url):
    landing = requests.get(url + "api/").json()
    links = {link["rel"]: link for link in landing["resources"]}
    answer = requests.get(links["service-desc"]["href"])
    assert answer.headers["content-type"] == links["service-desc"]["type"], answer.headers
    described = yaml.safe_load(answer.text)
    OpenAPIV30SpecValidator(described).validate()
    (server,) = described["servers"]
    assert server["url"] == url + "api/2.0/", server
    for path in ["/version/", "/describe/"]:
        assert "get" in described["paths"][path], path
        assert requests.get(server["url"] + path).status_code == 200, path
    page = requests.get(links["service-doc"]["href"])
    assert page.headers["content-type"].startswith("text/html"), page.headers
    for path, operation in operations(described):
        assert operation["operationId"], path


def operations(described):
    for path, item in described["paths"].items():
        yield from ((path, item[method]) for method in item if method != "parameters")


if __name__ == "__main__":
    main(sys.argv[1])
