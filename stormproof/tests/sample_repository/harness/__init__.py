"""The shop's own test harness. It has nothing to do with stormproof's."""
