"""Django REST framework and Channels, with PostgreSQL: one insert per message, then a broadcast to the group."""

import json
import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="only for the comparison",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    # Sets the content length.
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    APPEND_SLASH=False,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["PGHOST"],
            "USER": os.environ["PGUSER"],
            "NAME": os.environ["PGDATABASE"],
            "OPTIONS": {"pool": {"min_size": 16, "max_size": 16}},
        }
    },
    CHANNEL_LAYERS={
        "default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 100_000}}
    },
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

from asgiref.sync import async_to_sync  # noqa: E402, since Django must be set up first
from channels.db import database_sync_to_async  # noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from daphne.server import Server  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.serializers import ModelSerializer  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Message(models.Model):
    chat_id = models.BigIntegerField()
    user_id = models.BigIntegerField()
    client_id = models.UUIDField()
    message = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "bench"
        db_table = "messages"
        managed = False


class MessageSerializer(ModelSerializer):
    class Meta:
        model = Message
        fields = ["id", "chat_id", "user_id", "client_id", "message", "created_at"]


def store(chat, user, client_id, text):
    message = Message.objects.create(chat_id=chat, user_id=user, client_id=client_id, message=text)
    return MessageSerializer(message).data


def event(posted):
    return {"type": "broadcast", "text": json.dumps({"type": "message", **posted}, separators=(",", ":"))}


class Messages(APIView):
    def get(self, request, chat):
        newest = Message.objects.filter(chat_id=chat).order_by("-id")[: int(request.query_params["limit"])]
        return Response({"chat": chat, "messages": MessageSerializer(reversed(newest), many=True).data})

    def post(self, request, chat):
        posted = store(chat, request.data["user"], request.data["id"], request.data["message"])
        async_to_sync(get_channel_layer().group_send)(f"chat.{chat}", event(posted))
        return Response(posted)


class ChatConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        await self.accept()
        await self.send(text_data='{"type":"welcome"}')

    async def receive(self, text_data=None, bytes_data=None):
        frame = json.loads(text_data)
        group = f"chat.{frame['chat']}"
        if frame["type"] == "join":
            await self.channel_layer.group_add(group, self.channel_name)
            await self.send(text_data='{"type":"joined"}')
            return
        posted = await database_sync_to_async(store)(frame["chat"], 1, frame["id"], frame["message"])
        await self.channel_layer.group_send(group, event(posted))
        await self.send(text_data=f'{{"type":"ack","id":"{frame["id"]}"}}')

    async def broadcast(self, event):
        await self.send(text_data=event["text"])


urlpatterns = [
    path("healthz", lambda request: HttpResponse("ok")),
    path("chats/<int:chat>/messages", Messages.as_view()),
]
application = ProtocolTypeRouter(
    {"http": get_asgi_application(), "websocket": URLRouter([path("ws", ChatConsumer.as_asgi())])}
)

if __name__ == "__main__":
    endpoint = f"tcp:port={os.environ['PORT']}:interface=127.0.0.1"
    Server(application, endpoints=[endpoint], ready_callable=lambda: print("ready", flush=True)).run()
