# Webhooks through MLflow's own client, received here and held to the signature that MLflow itself would make.
# usage: python mlflow-webhooks.py URL

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from mlflow import MlflowClient
from mlflow.entities.webhook import WebhookEvent, WebhookStatus
from mlflow.exceptions import MlflowException
from mlflow.webhooks.delivery import _generate_hmac_signature

SECRET = "s3cret"
arrived = []


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        expected = _generate_hmac_signature(SECRET, self.headers["X-MLflow-Delivery-Id"], self.headers["X-MLflow-Timestamp"], body)
        assert self.headers["X-MLflow-Signature"] == expected, (self.headers["X-MLflow-Signature"], expected)
        arrived.append(json.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


receiver = HTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=receiver.serve_forever, daemon=True).start()
client = MlflowClient(sys.argv[1], sys.argv[1])

hook = client.create_webhook(
    name="hook",
    url=f"http://127.0.0.1:{receiver.server_port}/hook",
    events=["registered_model.created", "model_version_alias.created", WebhookEvent("model_version", "created")],
    description="told of models",
    secret=SECRET,
)
assert hook.status == WebhookStatus.ACTIVE and hook.secret is None and len(hook.events) == 3
assert client.get_webhook(hook.webhook_id).url == hook.url
assert [each.webhook_id for each in client.list_webhooks()] == [hook.webhook_id]
result = client.test_webhook(hook.webhook_id, event="model_version.created")
assert result.success and result.response_status == 200, result

client.create_registered_model("hooked", description="naïve ✓")
deadline = time.time() + 30
while len(arrived) < 2 and time.time() < deadline:
    time.sleep(0.1)
assert arrived[1]["entity"] == "registered_model" and arrived[1]["action"] == "created", arrived
assert arrived[1]["data"] == {"name": "hooked", "tags": {}, "description": "naïve ✓"}, arrived

changed = client.update_webhook(hook.webhook_id, name="other", events=["model_version_tag.set"], status="DISABLED")
assert changed.name == "other" and changed.status == WebhookStatus.DISABLED
assert [str(event) for event in changed.events] == ["model_version_tag.set"]
for url in ["http://10.0.0.1/", "http://169.254.169.254/", "http://0x0a000001/", "http://[::ffff:10.0.0.1]/", "ftp://example.com/"]:
    try:
        client.create_webhook(name="bad", url=url, events=["model_version.created"])
    except MlflowException as refusal:
        assert refusal.error_code == "INVALID_PARAMETER_VALUE", refusal
    else:
        raise AssertionError(f"{url} was taken")
client.delete_webhook(hook.webhook_id)
assert list(client.list_webhooks()) == []
try:
    client.get_webhook(hook.webhook_id)
except MlflowException as refusal:
    assert refusal.error_code == "RESOURCE_DOES_NOT_EXIST", refusal
else:
    raise AssertionError("it is still there")
print("every webhook did what it should")
