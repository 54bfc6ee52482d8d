"""What the pages of the security administrator write: a password to be replaced, and the acts of the log."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A column with a default, and a longer list of acts."""

    dependencies = [("accounts", "0005_last_four")]

    operations = [
        migrations.AddField("user", "temporary_password", models.BooleanField(default=False)),
        migrations.AlterField(
            "access",
            "act",
            models.CharField(
                choices=[
                    ("SIGN_IN", "登录"),
                    ("SIGN_IN_FAILED", "登录未成功"),
                    ("LOCKED_OUT", "登录暂停"),
                    ("SIGN_OUT", "退出"),
                    ("IDLE_SIGN_OUT", "久未操作退出"),
                    ("SECOND_FACTOR_SET", "设置动态口令"),
                    ("ONE_TIME_CODE", "使用动态口令"),
                    ("ONE_TIME_CODE_FAILED", "动态口令不符"),
                    ("READ", "查看"),
                    ("UNMASK", "显示全号"),
                    ("REFUSED", "无权访问"),
                    ("RIGHTS_CHANGED", "权限变更"),
                    ("CREDENTIALS_RESET", "重置登录凭据"),
                    ("PASSWORD_CHANGED", "本人改密码"),
                    ("RECOVERY_CODES", "重新生成备用码"),
                    ("ACCOUNT_CLOSED", "停用账户"),
                    ("ACCOUNT_OPENED", "恢复账户"),
                    ("LINKED", "关联本人"),
                    ("RENAMED", "姓名变更"),
                    ("CLIENT_CREATED", "登记接口客户"),
                    ("CLIENT_REVOKED", "撤销接口客户"),
                    ("TOKEN_ISSUED", "签发令牌"),
                    ("TOKEN_REFUSED", "未签发令牌"),
                ],
                max_length=24,
            ),
        ),
    ]
