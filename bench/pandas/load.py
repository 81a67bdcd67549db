"""The way by pandas: a CSV file into memory, and by INSERT into a table that is there. Arguments: file, URI of PostgreSQL, rows."""
import json
import resource
import sys
import time

import pandas
import sqlalchemy

file, uri, most = sys.argv[1:]
begin = time.monotonic()
rows = pandas.read_csv(file, nrows=int(most))
with sqlalchemy.create_engine(uri).begin() as connection:
    rows.to_sql("nps_pandas", connection, if_exists="append", index=False, method="multi", chunksize=1000)
peak = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"Seconds": time.monotonic() - begin, "Cpu": peak.ru_utime + peak.ru_stime, "PeakMegabytes": peak.ru_maxrss / 1024, "Result": str(len(rows))}))
