"""Which schedules have to be run so that every class of them is. Pure: it knows neither Redis nor processes."""
