"""An application whose import leaves a thread running: it must not be forked."""

import threading
import time

from chores import *  # noqa: F403

threading.Thread(target=time.sleep, args=(3600,), name="left-over", daemon=True).start()
