-- SPDX-License-Identifier: MPL-2.0
-- Prosody (0.12): what to add to /etc/prosody/prosody.cfg.lua for Sojourn, one Component for each
-- network that is enabled in sojourn.conf; the name is that of its section, the secret its secret.
-- Users of the virtual host find the gateways because they are named below it.

component_interfaces = { "127.0.0.1" }
component_ports = { 5347 }

VirtualHost "example.org"
    disco_items = {
        { "irc.example.org", "IRC" };
    }
    -- With the package prosody-modules: contacts appear in rosters without a question, and messages
    -- that users sent from other clients appear as sent (docs/SERVERS.md). Add "privilege" to
    -- modules_enabled of this host.
    privileged_entities = {
        ["irc.example.org"] = { roster = "both"; message = "outgoing";
                                iq = { ["http://jabber.org/protocol/pubsub"] = "both" } };
    }

Component "irc.example.org"
    component_secret = "component-secret"
    modules_enabled = { "privilege" }    -- with prosody-modules only
