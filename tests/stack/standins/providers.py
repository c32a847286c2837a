# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prowlarr and Radarr have in common: keys, ping, tags, and lists of things that are tested before they are kept."""
import json
import os
import urllib.parse

from web import App, Refused, key_of, route, state_load, state_save

SECRET = "********"


def field(resource, name, fallback=None):
    for item in resource.get("fields") or ():
        if item.get("name") == name:
            return item.get("value", fallback)
    return fallback


def failure(name, message, warning=False):
    return {"isWarning": warning, "propertyName": name, "errorMessage": message, "severity": "warning" if warning else "error"}


class Servarr(App):
    """kinds: what /api/vN/KIND keeps; secret_fields are masked in answers when MASK_SECRETS is set, as newer ones do."""
    version, key_variable = "v1", ""
    kinds, secret_fields = (), ("apiKey", "password")

    def __init__(self, environment=os.environ):
        super().__init__(environment)
        self.key = key_of(environment, self.key_variable, self.config_dir)
        self.masks = environment.get("MASK_SECRETS", "") not in ("", "0")
        state = state_load(self.config_dir, self.name.lower() + ".json", {})
        self.host = {**self.host_default(), **state.get("host", {})}
        self.tags = state.get("tags", [])
        self.lists = {kind: state.get(kind, []) for kind in self.kinds}
        self.commands = []

    def save(self):
        state_save(self.config_dir, self.name.lower() + ".json", {"host": self.host, "tags": self.tags, **self.lists})

    def key_is_right(self, request):
        given = (request.headers.get("X-Api-Key"), request.query.get("apikey"),
                 (request.headers.get("Authorization") or "").removeprefix("Bearer "))
        return self.key in given

    # --- what each one says for itself ---

    def host_default(self):
        return {}

    def is_enabled(self, kind, resource):
        return bool(resource.get("enable", True))

    def test(self, kind, resource):
        """A list of failures; none: it works."""
        return []

    def templates(self, kind):
        return []

    # --- anonymous ---

    @route("GET", "/ping", anonymous=True)
    def ping(self, _request):
        return {"status": "OK"}

    @route("GET", r"/api/v\d/system/status")
    def system_status(self, _request):
        return {"appName": self.name, "instanceName": self.name, "version": "2.3.6.0", "isDocker": True, "urlBase": "",
                "authentication": self.host.get("authenticationMethod")}

    @route("GET", r"/api/v\d/health")
    def health(self, _request):
        return self.health_list()

    def health_list(self):
        return []

    # --- tags ---

    @route("GET", r"/api/v\d/tag")
    def tag_list(self, _request):
        return self.tags

    @route("POST", r"/api/v\d/tag")
    def tag_add(self, request):
        label = str((request.json or {}).get("label") or "").lower()
        if not label:
            raise Refused(400, [failure("Label", "'Label' must not be empty.")])
        for tag in self.tags:
            if tag["label"] == label:
                return 201, tag
        self.tags.append({"label": label, "id": max((tag["id"] for tag in self.tags), default=0) + 1})
        self.save()
        return 201, self.tags[-1]

    # --- config/host ---

    @route("GET", r"/api/v\d/config/host(?:/1)?")
    def host_get(self, _request):
        return {**self.host, "apiKey": self.key, "id": 1}

    @route("PUT", r"/api/v\d/config/host(?:/1)?")
    def host_put(self, request):
        """What is not in the body falls back to nothing: whoever sends half of it loses the other half."""
        sent = request.json or {}
        host = {key: sent.get(key, type(value)() if value is not None else None)
                for key, value in self.host_default().items()}
        failures = self.host_check(host)
        if failures:
            raise Refused(400, failures)
        self.host = host
        self.save()
        return 202, {**self.host, "apiKey": self.key, "id": 1}

    @staticmethod
    def host_check(host):
        bad = []
        for name, least, most in (("backupInterval", 1, 7), ("backupRetention", 1, 90), ("port", 1, 65535),
                                  ("logSizeLimit", 1, 10)):
            if name in host and not least <= (host[name] or 0) <= most:
                bad.append(failure(name[0].upper() + name[1:], f"'{name}' must be between {least} and {most}."))
        if not host.get("branch"):
            bad.append(failure("Branch", "Branch name is required, 'master' is the default"))
        if host.get("authenticationMethod") == "basic":
            bad.append(failure("AuthenticationMethod", "'Basic' is no longer supported, switch to 'Forms' instead."))
        if host.get("authenticationMethod") == "forms" and not (host.get("username") and host.get("password")):
            bad += [failure(name, f"'{name}' must not be empty.") for name in ("Username", "Password")]
        return bad

    # --- lists of providers ---

    def shown(self, resource):
        """A copy with its secrets as the API shows them."""
        copy = json.loads(json.dumps(resource))
        for item in copy.get("fields") or ():
            if self.masks and item.get("name") in self.secret_fields and item.get("value"):
                item["value"] = SECRET
        return copy

    def taken(self, kind, sent, existing=None):
        """What was sent, with the masked secrets filled in from what is there."""
        if not isinstance(sent, dict):
            raise Refused(400, {"message": "that is no object"})
        if not sent.get("name"):
            raise Refused(400, [failure("Name", "'Name' must not be empty.")])
        if any(other["name"] == sent["name"] and other["id"] != sent.get("id", 0) for other in self.lists[kind]):
            raise Refused(400, [failure("Name", "Should be unique")])
        for item in sent.get("fields") or ():
            if item.get("value") == SECRET:
                item["value"] = field(existing or {}, item["name"])
        return sent

    def find(self, kind, number):
        for resource in self.lists[kind]:
            if resource["id"] == int(number):
                return resource
        raise Refused(404, {"message": "NotFound"})

    def kind_of(self, kind):
        if kind not in self.kinds:
            raise Refused(404, {"message": "NotFound"})
        return kind

    @route("GET", r"/api/v\d/(indexerproxy|applications|indexer|downloadclient)")
    def provider_list(self, _request, kind):
        return [self.shown(resource) for resource in self.lists[self.kind_of(kind)]]

    @route("GET", r"/api/v\d/(indexerproxy|applications|indexer|downloadclient)/schema")
    def provider_schema(self, _request, kind):
        return self.templates(self.kind_of(kind))

    @route("GET", r"/api/v\d/(indexerproxy|applications|indexer|downloadclient)/(\d+)")
    def provider_get(self, _request, kind, number):
        return self.shown(self.find(self.kind_of(kind), number))

    @route("POST", r"/api/v\d/(indexerproxy|applications|indexer|downloadclient)")
    def provider_add(self, request, kind):
        resource = self.taken(self.kind_of(kind), request.json)
        if self.is_enabled(kind, resource):  # forceSave forgives warnings only
            self.verify(self.test(kind, resource), request)
        resource["id"] = max((other["id"] for other in self.lists[kind]), default=0) + 1
        self.lists[kind].append(resource)
        self.save()
        self.changed(kind)
        return 201, self.shown(resource)

    @route("PUT", r"/api/v\d/(indexerproxy|applications|indexer|downloadclient)/(\d+)")
    def provider_change(self, request, kind, number):
        existing = self.find(self.kind_of(kind), number)
        resource = self.taken(kind, {**(request.json or {}), "id": int(number)}, existing)
        if resource == existing:
            return 202, self.shown(existing)
        if self.is_enabled(kind, resource) and request.query.get("forcesave", "").lower() != "true":
            self.verify(self.test(kind, resource), request)
        self.lists[kind][self.lists[kind].index(existing)] = resource
        self.save()
        self.changed(kind)
        return 202, self.shown(resource)

    @route("DELETE", r"/api/v\d/(indexerproxy|applications|indexer|downloadclient)/(\d+)")
    def provider_remove(self, _request, kind, number):
        self.lists[kind].remove(self.find(self.kind_of(kind), number))
        self.save()
        return {}

    @route("POST", r"/api/v\d/(indexerproxy|applications|indexer|downloadclient)/test")
    def provider_test(self, request, kind):
        sent = request.json or {}
        existing = self.find(self.kind_of(kind), sent["id"]) if sent.get("id") else None
        self.verify(self.test_recorded(kind, self.taken(kind, sent, existing)), request)
        return {}

    @route("POST", r"/api/v\d/(indexerproxy|applications|indexer|downloadclient)/testall")
    def provider_test_all(self, _request, kind):
        results = []
        for resource in self.lists[self.kind_of(kind)]:
            if self.is_enabled(kind, resource):
                failures = self.test_recorded(kind, resource)
                results.append({"id": resource["id"], "isValid": not failures, "validationFailures": failures})
        return (200 if all(result["isValid"] for result in results) else 400), results

    def test_recorded(self, kind, resource):
        return self.test(kind, resource)

    def changed(self, kind):
        pass

    @staticmethod
    def verify(failures, request):
        forced = request.query.get("forcesave", "").lower() == "true"
        failures = [item for item in failures if not (forced and item["isWarning"])]
        if failures:
            raise Refused(400, failures)

    # --- commands ---

    @route("POST", r"/api/v\d/command")
    def command(self, request):
        name = (request.json or {}).get("name")
        self.commands.append(name)
        self.run_command(name, request.json)
        return 201, {"id": len(self.commands), "name": name, "status": "completed", "result": "successful"}

    @route("GET", r"/api/v\d/command/(\d+)")
    def command_get(self, _request, number):
        return {"id": int(number), "name": self.commands[int(number) - 1], "status": "completed", "result": "successful"}

    def run_command(self, name, body):
        pass


def joined(base, path):
    return urllib.parse.urljoin(base.rstrip("/") + "/", path.lstrip("/"))
