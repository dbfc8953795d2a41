"""For authors of channels: the contract suite, recording transport, fake network and factories."""
