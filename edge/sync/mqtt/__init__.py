"""MQTT: topics and payloads of a device, its announcement to Home Assistant, its memory. MQTT.md."""
