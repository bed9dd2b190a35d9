"""FreeSWITCH: what its commands answer, and how the servers of a zone are asked."""
