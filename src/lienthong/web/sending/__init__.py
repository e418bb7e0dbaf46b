"""The sender's form as a page shows it: sections and fields, what stands in them, what was typed into them."""
