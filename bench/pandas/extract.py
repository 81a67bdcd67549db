"""The way by pandas: the whole result into memory, to a CSV file, to S3. Arguments: URI of MySQL, S3 endpoint, key id, secret, bucket, gzip or plain."""
import json
import resource
import sys
import tempfile
import time

import boto3
import pandas
import sqlalchemy

uri, endpoint, key, secret, bucket, compression = sys.argv[1:]
begin = time.monotonic()
with sqlalchemy.create_engine(uri).connect() as connection:
    rows = pandas.read_sql(sqlalchemy.text("SELECT * FROM nps"), connection)
with tempfile.NamedTemporaryFile() as file:
    rows.to_csv(file.name, index=False, compression="gzip" if compression == "gzip" else None)
    boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1").upload_file(file.name, bucket, "pandas.csv")
peak = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"Seconds": time.monotonic() - begin, "Cpu": peak.ru_utime + peak.ru_stime, "PeakMegabytes": peak.ru_maxrss / 1024, "Result": str(len(rows))}))
