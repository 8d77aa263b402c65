# The modules frozen into the firmware: the port's assembler for PIO, and Doorward's.
freeze("$(PORT_DIR)/modules", "rp2.py")
freeze("$(DOORWARD)")
