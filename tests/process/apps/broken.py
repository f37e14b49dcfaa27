raise RuntimeError("this application is broken")
