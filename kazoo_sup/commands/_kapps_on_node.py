"""What of kapps_maintenance only a running node can do: it binds functions to its own events, and tests its build."""

from __future__ import annotations

from kazoo_sup.arguments.descriptions import OnNode

ON_NODE = (
    OnNode(
        "bind",
        "EVENT MODULE FUNCTION",
        "Have FUNCTION of MODULE called on EVENT.",
        "{module}:{function} can be bound to {event} only in a node, by the application that has it",
        "changes",
    ),
    OnNode(
        "unbind",
        "EVENT MODULE FUNCTION",
        "Take FUNCTION of MODULE off EVENT.",
        "{module}:{function} can be taken off {event} only in a node, by the application that has it",
        "changes",
    ),
    OnNode("binding", "EVENT", "Show the key of EVENT.", "the key of {event} has a meaning only inside a node"),
    OnNode(
        "bind_and_register_views",
        "APP_NAME MODULE FUNCTION",
        "Bind FUNCTION of MODULE for APP_NAME and register its views.",
        "{module}:{function} can be bound only in a node; `sup kapps_maintenance register_views {app_name}` "
        "registers the application's views",
        "changes",
    ),
    OnNode(
        "check_release",
        "",
        "Refused: it tests a release of Kazoo, and stops the node that it runs on.",
        "it tests a build of Kazoo inside a node, which it stops; there is nothing to check from outside",
        forbidden=True,
    ),
)
