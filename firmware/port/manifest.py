# What is frozen into the firmware: the port's assembler for PIO, and ours.
freeze("$(PORT_DIR)/modules", "rp2.py")
freeze("$(DOORWARD)")
