"""Leave room on the pages of payments: each of them is updated in place once, when the bank has answered.

Without it every receipt moves its payment to another page and writes all of its nine index entries again.
"""

from django.db import migrations


class Migration(migrations.Migration):
    """Holds for pages written from now on; no lock but that of the moment."""

    dependencies = [("payouts", "0007_stops")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE payouts_payment SET (fillfactor = 50)",
            "ALTER TABLE payouts_payment RESET (fillfactor)",
        ),
    ]
