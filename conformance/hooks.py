"""Who asks, and in which chat: everything is tried by somebody who may, in a chat of theirs."""

import itertools
import os

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection

PASSWORD = "plum jam on warm toast"
# After these they are somebody else, or nobody.
ENDS = ("delete", "/end/", "/sessions/", "/password/", "/username/", "/claim/", "/second_factor/")

numbers = itertools.count()


class Person:
    """Somebody who is signed in, and has a chat in which something was said."""

    def __init__(self, base, is_guest):
        self.base, self.token, self.asked = base, None, 0
        self.token = self.be_guest() if is_guest else self.sign_up()
        uri = self.ask("POST", "/api/chats/")["uri"]
        chat = f"/api/chats/{uri}"
        self.ask("POST", f"{chat}/messages/", {"message": "Tea?"})
        link = self.ask("POST", f"{chat}/links/", {"role": "writer"})["link"]["id"]
        export = self.ask("POST", "/auth/exports/")["id"]
        me = self.ask("GET", "/auth/me/")["id"]
        self.known = {"uri": uri, "seq": 1, "link_id": link, "user_id": me, "export_id": export}

    def be_guest(self):
        return self.ask("POST", "/auth/guest/")["token"]

    def sign_up(self):
        answers = {"username": f"ada{os.getpid()}.{next(numbers)}", "password": PASSWORD}
        self.ask("POST", "/auth/users/create/", answers)
        return self.ask("POST", "/auth/jwt/create/", answers)["token"]

    def ask(self, method, path, body=None):
        headers = {"Authorization": f"JWT {self.token}"} if self.token else {}
        answer = requests.request(method, self.base + path, json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json()


def fill(fields, known):
    fields.update((name, value) for name, value in known.items() if name in fields)


people = {}


def person(case):
    is_guest = "/claim/" in case.operation.path
    if is_guest not in people:
        people[is_guest] = Person(case.operation.base_url.rstrip("/"), is_guest)
    return people[is_guest]


@schemathesis.auth(refresh_interval=None)
class Token:
    def get(self, case, context):
        return person(case).token

    def set(self, case, token, context):
        case.headers["Authorization"] = f"JWT {token}"


@schemathesis.hook
def before_call(context, case, kwargs):
    somebody = person(case)
    somebody.asked += 1
    # Now and then what was made up stays, so that what is not there is tried too.
    if case.meta is None or somebody.asked % 8 == 0:
        return
    if not case.meta.is_negative_at(ParameterLocation.PATH):
        fill(case.path_parameters, somebody.known)
    if isinstance(case.body, dict) and not case.meta.is_negative_at(ParameterLocation.BODY):
        fill(case.body, {"current_password": PASSWORD, "token": somebody.token, "user_id": somebody.known["user_id"]})


@schemathesis.hook
def after_call(context, case, response):
    ends = any(end in case.operation.path for end in ENDS) or case.method == "DELETE"
    if ends and case.method != "GET" and response.status_code < 300:
        people.clear()


@schemathesis.check
def what_is_wrong_is_refused(context, response, case):
    """As the original did, a number is text that was not quoted, and a form knows only text."""
    is_form = case.media_type in ("application/x-www-form-urlencoded", "multipart/form-data")
    if is_form or (isinstance(case.body, dict) and any(type(value) in (int, float) for value in case.body.values())):
        return None
    return negative_data_rejection(context, response, case)
