"""Sends every generated request as a user who has the permission, with identifiers of resources of that user."""

import itertools
import os
import uuid

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection

PASSWORD = "plum jam on warm toast"
# Paths of requests that invalidate the user or the session.
INVALIDATING_PATHS = ("delete", "/end/", "/sessions/", "/password/", "/username/", "/claim/", "/second_factor/")

numbers = itertools.count()


class ApiUser:
    """A signed-in user with a chat, a message, a file, an invite link and an export."""

    def __init__(self, base, is_guest):
        self.base, self.token, self.request_count = base, None, 0
        self.token = self.create_guest() if is_guest else self.sign_up()
        uri = self.request("POST", "/api/chats/")["uri"]
        chat = f"/api/chats/{uri}"
        self.request("POST", f"{chat}/messages/", {"message": "Tea?"})
        link = self.request("POST", f"{chat}/links/", {"role": "writer"})["link"]["id"]
        export = self.request("POST", "/auth/exports/")["id"]
        me = self.request("GET", "/auth/me/")["id"]
        file = self.upload(f"{chat}/files/{uuid.uuid4()}/?name=tea.txt", b"tea")
        self.identifiers = {"uri": uri, "seq": 1, "link_id": link, "user_id": me, "export_id": export, "file_id": file}

    def create_guest(self):
        return self.request("POST", "/auth/guest/")["token"]

    def sign_up(self):
        credentials = {"username": f"ada{os.getpid()}.{next(numbers)}", "password": PASSWORD}
        self.request("POST", "/auth/users/create/", credentials)
        return self.request("POST", "/auth/jwt/create/", credentials)["token"]

    def upload(self, path, content):
        headers = {"Authorization": f"JWT {self.token}"}
        response = requests.put(self.base + path, data=content, headers=headers, timeout=30)
        response.raise_for_status()
        return response.json()["id"]

    def request(self, method, path, body=None):
        headers = {"Authorization": f"JWT {self.token}"} if self.token else {}
        response = requests.request(method, self.base + path, json=body, headers=headers, timeout=30)
        response.raise_for_status()
        return response.json()


def filled(fields, values):
    """Returns a copy, because Schemathesis makes several cases from the same dictionary."""
    return {name: values.get(name, value) for name, value in fields.items()}


users = {}


def user_for(case):
    is_guest = "/claim/" in case.operation.path
    if is_guest not in users:
        users[is_guest] = ApiUser(case.operation.base_url.rstrip("/"), is_guest)
    return users[is_guest]


@schemathesis.auth(refresh_interval=None)
class Token:
    def get(self, case, context):
        return user_for(case).token

    def set(self, case, token, context):
        case.headers["Authorization"] = f"JWT {token}"


@schemathesis.hook
def before_call(context, case, kwargs):
    user = user_for(case)
    user.request_count += 1
    # Every eighth request keeps the generated identifiers, to cover resources that do not exist.
    if case.meta is None or user.request_count % 8 == 0:
        return
    if not case.meta.is_negative_at(ParameterLocation.PATH):
        # A file is uploaded once under its id.
        known = {name: value for name, value in user.identifiers.items() if (name, case.method) != ("file_id", "PUT")}
        case.path_parameters = filled(case.path_parameters, known)
    if isinstance(case.body, dict) and not case.meta.is_negative_at(ParameterLocation.BODY):
        own = {"current_password": PASSWORD, "token": user.token, "user_id": user.identifiers["user_id"]}
        case.body = filled(case.body, own)


@schemathesis.hook
def after_call(context, case, response):
    is_invalidating = any(path in case.operation.path for path in INVALIDATING_PATHS) or case.method == "DELETE"
    if is_invalidating and case.method != "GET" and response.status_code < 300:
        users.clear()


@schemathesis.check
def invalid_data_is_rejected(context, response, case):
    """Skips forms, whose values are all text, and bodies with numbers, which the API accepts as text."""
    is_form = case.media_type in ("application/x-www-form-urlencoded", "multipart/form-data")
    if is_form or (isinstance(case.body, dict) and any(type(value) in (int, float) for value in case.body.values())):
        return None
    return negative_data_rejection(context, response, case)
