"""Frozen data and enums: the words of the product, one each, spelled the same in file, table, page and docs."""

from campaign.model.exclusion import *
from campaign.model.ledger import *
from campaign.model.messages import *
from campaign.model.names import *
from campaign.model.programme import *
from campaign.model.staff import *
from campaign.model.transitions import *
