"""The pages: an app made from the parts it is given (`app.create_app`)."""
