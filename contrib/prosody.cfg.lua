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

Component "irc.example.org"
    component_secret = "component-secret"
