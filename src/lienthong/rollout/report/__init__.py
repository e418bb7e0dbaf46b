"""The fortnightly report and its kin: frozen figures, sums that must hold, a finished document, its way to a number."""
