"""Language models, at any address that speaks OpenAI's chat completions."""

from tillwright.gateways.model.port import Call, ChatModel, ModelAccess, Piece, Text, Usage

__all__ = ["Call", "ChatModel", "ModelAccess", "Piece", "Text", "Usage"]
